//! What a locked script loads, for each way it was read.
//!
//! The key `read-as` lists the ways; a script that was read as a classic script only does not have it.
//! Every load is a row of the key `loads`. A script that does not parse has the row `unreadable`. Where a
//! script was read in several ways, each row says `as` which.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::{Table, Value};

use super::{FileKind, toml_string::quoted};
use crate::js::{Loads, ParseFailure, ReadAs};

/// What a locked script loads, for each way it was read: its loads, or why it does not parse.
///
/// Empty for a file that is no script or that was not read, as in a lockfile of version 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedLoads(BTreeMap<ReadAs, Result<Loads, ParseFailure>>);

/// A row of a script that does not parse.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unreadable {
    unreadable: String,
    line: usize,
    column: usize,
}

impl LockedLoads {
    /// What the script loads when it is read as `way`; `None` if it was not read so.
    pub fn get(&self, way: ReadAs) -> Option<&Result<Loads, ParseFailure>> {
        self.0.get(&way)
    }

    /// The ways in which the script was read.
    pub fn ways(&self) -> impl Iterator<Item = ReadAs> {
        self.0.keys().copied()
    }

    /// Whether the script loads files by addresses that it makes from its own.
    pub fn loads_by_own_address(&self) -> bool {
        self.0.values().flatten().any(Loads::loads_by_own_address)
    }

    /// Notes what the script loads when it is read as `way`.
    pub fn insert(&mut self, way: ReadAs, loads: Result<Loads, ParseFailure>) {
        self.0.insert(way, loads);
    }

    /// The value of `read-as`; `None` if it is the default.
    pub(super) fn read_as(&self, kind: FileKind) -> Option<String> {
        if self.0.keys().eq(default_ways(kind)) {
            return None;
        }
        let ways: Vec<_> = self.ways().map(|way| quoted(way.as_str())).collect();
        Some(format!("[{}]", ways.join(", ")))
    }

    /// The value of `loads`, one row on each line so that merges stay local; `None` if the script loads
    /// nothing.
    pub(super) fn to_toml(&self) -> Option<String> {
        let many = self.0.len() > 1;
        let rows = self.0.iter().flat_map(|(way, loads)| rows(*way, loads, many));
        let lines: String = rows.map(|row| format!("    {{ {row} }},\n")).collect();
        (!lines.is_empty()).then(|| format!("[\n{lines}]"))
    }

    /// Reads both keys of a file of this kind.
    pub(super) fn parse(
        kind: FileKind,
        read_as: Option<Vec<ReadAs>>,
        rows: Vec<Table>,
    ) -> Result<Self, toml::de::Error> {
        let ways: BTreeSet<ReadAs> = match read_as {
            Some(ways) => ways.into_iter().collect(),
            None => default_ways(kind).copied().collect(),
        };
        let mut by_way: BTreeMap<ReadAs, Vec<Table>> =
            ways.iter().map(|way| (*way, Vec::new())).collect();
        for row in rows {
            let (way, row) = way_of(row, &ways)?;
            by_way.entry(way).or_default().push(row);
        }
        let loads = by_way.into_iter().map(|(way, rows)| Ok((way, loads(rows)?)));
        Ok(Self(loads.collect::<Result<_, toml::de::Error>>()?))
    }
}

/// The ways in which a file was read that has no key `read-as`.
fn default_ways(kind: FileKind) -> std::slice::Iter<'static, ReadAs> {
    match kind {
        FileKind::Script => [ReadAs::Script].iter(),
        _ => [].iter(),
    }
}

fn rows(way: ReadAs, loads: &Result<Loads, ParseFailure>, many: bool) -> Vec<String> {
    let rows = match loads {
        Ok(loads) => loads.to_toml_rows(),
        Err(ParseFailure { line, column, message }) => {
            let message = quoted(message);
            vec![format!("unreadable = {message}, line = {line}, column = {column}")]
        }
    };
    let with_way = |row: String| match many {
        true => format!("as = {}, {row}", quoted(way.as_str())),
        false => row,
    };
    rows.into_iter().map(with_way).collect()
}

/// The way that a row is about, which is taken out of it.
fn way_of(mut row: Table, ways: &BTreeSet<ReadAs>) -> Result<(ReadAs, Table), toml::de::Error> {
    let way = match (row.remove("as"), ways.first()) {
        (Some(way), _) => way.try_into()?,
        (None, Some(only)) if ways.len() == 1 => *only,
        (None, _) => {
            return Err(serde::de::Error::custom("a load has to say `as` what it was found"));
        }
    };
    match ways.contains(&way) {
        true => Ok((way, row)),
        false => {
            Err(serde::de::Error::custom(format!("`read-as` does not list `{}`", way.as_str())))
        }
    }
}

fn loads(rows: Vec<Table>) -> Result<Result<Loads, ParseFailure>, toml::de::Error> {
    if let [row] = rows.as_slice()
        && row.contains_key("unreadable")
    {
        let Unreadable { unreadable, line, column } = Value::Table(row.clone()).try_into()?;
        return Ok(Err(ParseFailure { line, column, message: unreadable }));
    }
    Value::Array(rows.into_iter().map(Value::Table).collect()).try_into().map(Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LockedLoads, toml::de::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Keys {
            read_as: Option<Vec<ReadAs>>,
            #[serde(default)]
            loads: Vec<Table>,
        }
        let keys: Keys = toml::from_str(text)?;
        LockedLoads::parse(FileKind::Script, keys.read_as, keys.loads)
    }

    fn written(loads: &LockedLoads) -> String {
        let read_as = loads.read_as(FileKind::Script).map(|value| format!("read-as = {value}\n"));
        let rows = loads.to_toml().map(|value| format!("loads = {value}\n"));
        read_as.into_iter().chain(rows).collect()
    }

    fn of(way: ReadAs, code: &str) -> LockedLoads {
        let mut loads = LockedLoads::default();
        loads.insert(way, way.scan(code.as_bytes()).map(|scan| scan.loads));
        loads
    }

    #[test]
    fn a_classic_script_that_loads_nothing_says_nothing() {
        let loads = of(ReadAs::Script, "alert(1)");
        assert_eq!(written(&loads), "");
        assert_eq!(read("").unwrap(), loads);
    }

    #[test]
    fn what_nobody_has_read_is_told_from_what_loads_nothing() {
        assert_eq!(written(&LockedLoads::default()), "read-as = []\n");
        assert_eq!(read("read-as = []").unwrap(), LockedLoads::default());
    }

    #[test]
    fn every_load_is_a_line() {
        let loads = of(ReadAs::Module, "import './a.js'\nimport('https://cdn.example/b.js')");
        let text = "read-as = [\"module\"]\nloads = [\n    \
                    { import = \"./a.js\", line = 1 },\n    \
                    { dynamic-import = \"https://cdn.example/b.js\", line = 2 },\n]\n";
        assert_eq!(written(&loads), text);
        assert_eq!(read(text).unwrap(), loads);
    }

    #[test]
    fn a_script_that_was_read_in_two_ways_says_what_it_was_found_as() {
        let mut loads = of(ReadAs::Module, "import './a.js'");
        loads
            .insert(ReadAs::Script, ReadAs::Script.scan(b"import './a.js'").map(|scan| scan.loads));
        let text = written(&loads);
        assert!(text.contains("{ as = \"script\", unreadable = "), "{text}");
        assert!(text.contains("{ as = \"module\", import = \"./a.js\", line = 1 }"), "{text}");
        assert_eq!(read(&text).unwrap(), loads);
    }

    #[test]
    fn a_row_must_fit_the_ways() {
        for text in [
            "read-as = [\"module\"]\nloads = [{ as = \"script\", import = \"./a.js\", line = 1 }]",
            "read-as = [\"module\", \"script\"]\nloads = [{ import = \"./a.js\", line = 1 }]",
            "loads = [{ import = \"./a.js\", line = 1, colour = \"red\" }]",
            "loads = [{ unreadable = \"x\", line = 1 }]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
