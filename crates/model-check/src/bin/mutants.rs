//! `mutants [NAME…]`: breaks a copy of the code in each way of the list, one at a time, and has the worlds named
//! there checked with it. Prints a line for each. The exit status is 1 if a mutation was not found, or found by another
//! property than those it names.
//!
//! The copy is kept below the target directory, with a target directory of its own, so that only what a
//! mutation touches is compiled again.

#![forbid(unsafe_code)]

use model_check::mutations::{Mutation, mutations};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// The crates that the check is made of.
const CRATES: [&str; 5] = ["channel-io", "channel-sim", "ios", "mirror", "model-check"];

/// A copy of the code, to be broken.
struct Copy {
    root: PathBuf,
}

/// What a mutated check came to.
#[derive(Debug)]
enum Verdict {
    /// It was found: by this property, in this world.
    Found { line: String, world: String },
    /// Every world was visited, and every property held.
    Survived,
    /// The code does not compile, or the check did not come to an end.
    Failed(String),
}

impl Copy {
    /// A fresh copy of the crates in the repository at `repository`.
    fn new(repository: &Path) -> io::Result<Self> {
        let root = repository.join("target/mutants");
        for name in CRATES {
            let to = root.join("crates").join(name);
            if to.exists() {
                fs::remove_dir_all(&to)?;
            }
            copy_tree(&repository.join("crates").join(name), &to)?;
            let manifest = to.join("Cargo.toml");
            let lean = without_dev_dependencies(&fs::read_to_string(&manifest)?);
            fs::write(manifest, lean)?;
        }
        let manifest = fs::read_to_string(repository.join("Cargo.toml"))?;
        fs::write(root.join("Cargo.toml"), with_members(&manifest))?;
        fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock"))?;
        Ok(Self { root })
    }

    fn path(&self, mutation: &Mutation) -> PathBuf {
        self.root.join("crates").join(mutation.file)
    }

    /// Builds and runs the check with a mutation in the code, and takes the mutation out again.
    fn try_out(&self, mutation: &Mutation) -> io::Result<Verdict> {
        let path = self.path(mutation);
        let source = fs::read_to_string(&path)?;
        let mutated = match mutation.apply(&source) {
            Ok(mutated) => mutated,
            Err(words) => return Ok(Verdict::Failed(words)),
        };
        fs::write(&path, mutated)?;
        let verdict = self.run(&mutation.worlds);
        fs::write(&path, source)?;
        verdict
    }

    fn run(&self, worlds: &[&str]) -> io::Result<Verdict> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["run", "--quiet", "--package", "model-check", "--bin", "model-check", "--"])
            .args(worlds)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env("RUSTFLAGS", "-Awarnings")
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(Verdict::Survived);
        }
        let mut world = String::new();
        for line in said.lines() {
            if let Some(broken) = line.trim_start().strip_prefix("NOT SO: ") {
                return Ok(Verdict::Found { line: broken.to_owned(), world });
            }
            world = line.split(' ').next().unwrap_or("").to_owned();
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        let errors = errors.lines().filter(|line| line.starts_with("error")).collect::<Vec<_>>();
        Ok(Verdict::Failed(errors.join("; ")))
    }
}

/// The root manifest with no other members than the crates copied.
fn with_members(manifest: &str) -> String {
    let members = CRATES.map(|name| format!("    \"crates/{name}\",\n")).concat();
    let (before, rest) = manifest.split_once("members = [\n").unwrap_or((manifest, ""));
    let (_, after) = rest.split_once("]\n").unwrap_or(("", rest));
    format!("{before}members = [\n{members}]\n{after}")
}

/// A crate's manifest without what only its tests need, which is not copied.
fn without_dev_dependencies(manifest: &str) -> String {
    let Some((before, rest)) = manifest.split_once("[dev-dependencies]\n") else {
        return manifest.to_owned();
    };
    let after = rest.find("\n[").and_then(|next| rest.get(next..)).unwrap_or("");
    format!("{before}{after}")
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_tree(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// Whether a property that was broken is one of those that the mutation names.
fn is_expected(mutation: &Mutation, line: &str) -> bool {
    mutation.found_by.iter().any(|property| line.starts_with(property.name()))
}

fn main() -> io::Result<ExitCode> {
    let names: Vec<_> = std::env::args().skip(1).collect();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let copy = Copy::new(&repository)?;
    let all = mutations().into_iter();
    let chosen: Vec<_> =
        all.filter(|one| names.is_empty() || names.iter().any(|name| name == one.name)).collect();
    let mut missed = 0;
    for mutation in &chosen {
        let begun = Instant::now();
        let verdict = copy.try_out(mutation)?;
        let seconds = begun.elapsed().as_secs();
        let name = mutation.name;
        match verdict {
            Verdict::Found { line, world } if is_expected(mutation, &line) => {
                println!("found     {name:34} {seconds:>4} s  in {world}: {line}");
            }
            Verdict::Found { line, world } => {
                missed += 1;
                println!("ELSEWHERE {name:34} {seconds:>4} s  in {world}: {line}");
            }
            Verdict::Survived => {
                missed += 1;
                println!("SURVIVED  {name:34} {seconds:>4} s");
            }
            Verdict::Failed(words) => {
                missed += 1;
                println!("FAILED    {name:34} {seconds:>4} s  {words}");
            }
        }
    }
    println!("{} mutations, {} found", chosen.len(), chosen.len() - missed);
    Ok(if missed == 0 && !chosen.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
