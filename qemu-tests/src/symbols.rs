//! Backtraces of the kernel, resolved to functions, files and lines.
//!
//! When the kernel fails it prints return addresses, one a line, such as
//! `CCW901E   #3 0x0000000000012345`: it knows no names. [`Symbols`] reads the debug information of
//! the ELF file that ran and says for each address where it is; inlined calls are unfolded.

use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::Path;

use addr2line::Loader;
use anyhow::{Context, Result, anyhow};
use object::{Object, ObjectSection, SectionKind};

/// Digits of an address in a backtrace.
const ADDRESS_DIGITS: usize = 16;

/// The names in one kernel.
pub struct Symbols {
    loader: Loader,
    /// Where there are instructions. The debug information of functions that the linker left out
    /// stays behind and claims addresses from 0 on.
    code: Vec<Range<u64>>,
}

impl fmt::Debug for Symbols {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Symbols").finish_non_exhaustive()
    }
}

/// One call: a function and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function's name, demangled.
    pub function: String,
    /// The source file, if the debug information has it.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
}

impl fmt::Display for Frame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.function)?;
        if let Some(file) = &self.file {
            write!(formatter, " at {file}")?;
            if let Some(line) = self.line {
                write!(formatter, ":{line}")?;
            }
        }
        Ok(())
    }
}

impl Symbols {
    /// Reads the names and lines of a kernel.
    ///
    /// # Errors
    /// The file cannot be read, or is no ELF file.
    pub fn load(elf: &Path) -> Result<Self> {
        let problem = || format!("cannot read symbols from {}", elf.display());
        let loader = Loader::new(elf).map_err(|error| anyhow!("{}: {error}", problem()))?;
        let content = fs::read(elf).with_context(problem)?;
        let file = object::File::parse(content.as_slice()).with_context(problem)?;
        let sections = file.sections().filter(|section| section.kind() == SectionKind::Text);
        let code = sections.map(|section| section.address()..section.address() + section.size());
        Ok(Self { loader, code: code.collect() })
    }

    /// Where a return address leads back to, innermost inlined call first; empty if it is in no known
    /// function.
    ///
    /// A return address points behind the call, and a call that does not return may be the last
    /// instruction of its function: so the byte before it is looked up.
    #[must_use]
    pub fn resolve(&self, address: u64) -> Vec<Frame> {
        let call = address.saturating_sub(1);
        if !self.code.iter().any(|range| range.contains(&call)) {
            return Vec::new();
        }
        let frames = self.frames(call);
        if !frames.is_empty() {
            return frames;
        }
        let name = self.loader.find_symbol(call);
        let function = name.map(|name| format!("{:#}", rustc_demangle::demangle(name)));
        let frame = function.map(|function| Frame { function, file: None, line: None });
        frame.into_iter().collect()
    }

    /// The frames that the debug information has; what it cannot tell is left out.
    fn frames(&self, probe: u64) -> Vec<Frame> {
        let mut frames = Vec::new();
        let Ok(mut found) = self.loader.find_frames(probe) else {
            return frames;
        };
        while let Ok(Some(frame)) = found.next() {
            let Some(name) = &frame.function else { continue };
            let Ok(function) = name.demangle() else { continue };
            let location = frame.location;
            frames.push(Frame {
                function: function.into_owned(),
                file: location.as_ref().and_then(|place| place.file).map(str::to_owned),
                line: location.as_ref().and_then(|place| place.line),
            });
        }
        frames
    }

    /// The backtrace lines among the lines of a console, each followed by what its address means.
    /// Empty if there are none.
    #[must_use]
    pub fn explain<S: AsRef<str>>(&self, lines: &[S]) -> Vec<String> {
        let mut explained = Vec::new();
        for line in lines.iter().map(AsRef::as_ref) {
            let Some(call) = backtrace_address(line) else { continue };
            let frames = self.resolve(call.address);
            let head = format!("{} {:#018x}", call.number, call.address);
            match frames.split_first() {
                None => explained.push(format!("{head} (in no known function)")),
                Some((first, inlined_into)) => {
                    explained.push(format!("{head} {first}"));
                    let outer = inlined_into.iter();
                    explained.extend(outer.map(|frame| format!("      inlined into {frame}")));
                }
            }
        }
        explained
    }
}

/// One line of a backtrace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call<'a> {
    /// `#3`
    number: &'a str,
    address: u64,
}

/// Whether a console line is part of a backtrace.
#[must_use]
pub fn is_backtrace(line: &str) -> bool {
    backtrace_address(line).is_some()
}

/// The call that a console line shows: `#`, a number, and an address of 16 hexadecimal digits.
fn backtrace_address(line: &str) -> Option<Call<'_>> {
    let mut words = line.split_whitespace().skip_while(|word| !word.starts_with('#'));
    let number = words.next()?;
    let digits = number.strip_prefix('#')?;
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let address = words.next()?.strip_prefix("0x")?;
    if address.len() != ADDRESS_DIGITS {
        return None;
    }
    let address = u64::from_str_radix(address, 16).ok()?;
    Some(Call { number, address })
}

#[cfg(test)]
mod tests {
    use object::{Object, ObjectSymbol};

    use super::*;

    /// A function that this test finds again in its own executable.
    #[inline(never)]
    fn landmark(number: u64) -> u64 {
        std::hint::black_box(number).wrapping_mul(3)
    }

    /// This test's executable, and where in it the function above starts and ends.
    fn own_landmark() -> (Symbols, u64, u64) {
        assert_eq!(landmark(2), 6);
        let path = std::env::current_exe().unwrap();
        let content = std::fs::read(&path).unwrap();
        let file = object::File::parse(content.as_slice()).unwrap();
        let symbol = file
            .symbols()
            .find(|symbol| {
                symbol.name().is_ok_and(|name| name.contains("landmark") && !name.contains("own"))
            })
            .unwrap();
        let end = symbol.address() + symbol.size();
        (Symbols::load(&path).unwrap(), symbol.address(), end)
    }

    #[test]
    fn a_return_address_is_resolved_to_function_and_line() {
        let (symbols, start, end) = own_landmark();
        for address in [start + 1, end] {
            let frames = symbols.resolve(address);
            let frame = &frames[0];
            assert!(frame.function.ends_with("symbols::tests::landmark"), "{frame}");
            assert!(frame.file.as_ref().unwrap().ends_with("symbols.rs"), "{frame}");
            assert!(frame.line.unwrap() > 150, "{frame}");
        }
        assert_eq!(symbols.resolve(0), []);
    }

    #[test]
    fn the_lines_of_a_console_are_explained() {
        let (symbols, start, _) = own_landmark();
        let lines = [
            "CCW901E program check".to_owned(),
            format!("CCW902E   #0 {:#018x}", start + 1),
            "CCW902E   #1 0x0000000000000000".to_owned(),
            "CCW903I #2 of 3".to_owned(),
        ];
        let explained = symbols.explain(&lines);
        assert_eq!(explained.len(), 2, "{explained:?}");
        assert!(explained[0].starts_with(&format!("#0 {:#018x} ", start + 1)));
        assert!(explained[0].contains("landmark at "), "{explained:?}");
        assert_eq!(explained[1], "#1 0x0000000000000000 (in no known function)");
    }

    #[test]
    fn only_backtrace_lines_are_taken() {
        let call = |number, address| Some(Call { number, address });
        for (line, expected) in [
            ("  #3 0x0000000000012345", call("#3", 0x12345)),
            ("CCW902E #12 0x00000000000100aa tail", call("#12", 0x100aa)),
            ("# 0x0000000000012345", None),
            ("#3 0x12345", None),
            ("#3 0000000000012345", None),
            ("#x 0x0000000000012345", None),
            ("3 0x0000000000012345", None),
            ("#3", None),
            ("", None),
        ] {
            assert_eq!(backtrace_address(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_elf_file_is_refused() {
        let error = Symbols::load(Path::new("Cargo.toml")).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml"), "{error}");
    }
}
