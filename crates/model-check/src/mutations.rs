//! The list of mutations, `mutations.txt`: slips in the real code that the check must find.
//!
//! An entry is a name behind `==`, a line that says what it does, the `file` below `crates`, the properties of which one
//! must be broken (`found-by`) in one of the `worlds`, the text that stands once in the file (`--- from`), and what is put in its place
//! (`--- to`; nothing, to leave it out).

use crate::property::Property;

/// The list.
const LIST: &str = include_str!("../mutations.txt");

/// A slip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Its name.
    pub name: &'static str,
    /// What it does, in words.
    pub about: &'static str,
    /// The file, below `crates`.
    pub file: &'static str,
    /// The worlds in which it is to be found, in that order.
    pub worlds: Vec<&'static str>,
    /// One of these properties must be broken by it.
    pub found_by: Vec<Property>,
    /// What stands in the file.
    pub from: &'static str,
    /// What is put in its place.
    pub to: &'static str,
}

impl Mutation {
    /// The file with the slip in it.
    ///
    /// # Errors
    /// In words: the text does not stand exactly once in the file.
    pub fn apply(&self, source: &str) -> Result<String, String> {
        match source.matches(self.from).count() {
            1 => Ok(source.replacen(self.from, self.to, 1)),
            count => Err(format!(
                "{}: its text stands {count} times in {}, and should once",
                self.name, self.file
            )),
        }
    }
}

/// All mutations.
///
/// # Panics
/// If the list is not as it should be: the words say where.
#[must_use]
pub fn mutations() -> Vec<Mutation> {
    LIST.split("\n== ").skip(1).map(parse).collect()
}

fn parse(entry: &'static str) -> Mutation {
    let (name, rest) = entry.split_once('\n').expect("a name");
    let (head, change) =
        rest.split_once("--- from\n").unwrap_or_else(|| panic!("{name} has no `--- from`"));
    let (from, to) =
        change.split_once("--- to\n").unwrap_or_else(|| panic!("{name} has no `--- to`"));
    let field = |key: &str| {
        let mut values = head.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        values.next().unwrap_or_else(|| panic!("{name} has no `{key}`"))
    };
    let property = |word: &str| {
        let found = Property::ALL.into_iter().find(|property| property.word() == word);
        found.unwrap_or_else(|| panic!("{name}: there is no property {word}"))
    };
    Mutation {
        name,
        about: head.lines().next().expect("a line that says what it does"),
        file: field("file"),
        worlds: field("worlds").split(' ').collect(),
        found_by: field("found-by").split(' ').map(property).collect(),
        from: from.trim_end_matches('\n'),
        to: to.trim_end_matches('\n'),
    }
}
