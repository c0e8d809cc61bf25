//! Import maps: what they mean, and how to change them without reprinting them.
//!
//! Follows HTML, "parse an import map string" (8.1.6.3) and "merge existing and new import maps".
//! An [`ImportMapText`] is a map as written, which can be edited; an [`ImportMap`] is what it means
//! on a page. Which addresses are vendored, and where to, is for others to say.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::{
    json::{self, Kind, Member, Value},
    sorted_keys,
    url_like::url_like,
};

/// A specifier map: normalised keys and addresses (`None` blocks the key), in descending order of
/// their code units, so that longer prefixes come first.
pub type SpecifierMap = Vec<(String, Option<Url>)>;

/// Where [`ImportMap::into_unfollowed`] leads: a folder, so that prefixes are valid as well.
const UNFOLLOWED: &str = "inhouse-unfollowed://map/";

/// What one or more import maps mean on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", from = "Unsorted")]
pub struct ImportMap {
    imports: SpecifierMap,
    scopes: Vec<(String, SpecifierMap)>,
    integrity: BTreeMap<String, String>,
}

impl ImportMap {
    /// The entries that count everywhere.
    pub fn imports(&self) -> &SpecifierMap {
        &self.imports
    }

    /// The scopes: normalised prefix and entries, longer prefixes first.
    pub fn scopes(&self) -> &[(String, SpecifierMap)] {
        &self.scopes
    }

    /// Integrity metadata by URL.
    pub fn integrity(&self) -> &BTreeMap<String, String> {
        &self.integrity
    }

    /// The same names, with addresses from which nothing is fetched: for a map that its author asks
    /// us to leave, so that nothing it leads to is vendored.
    pub fn into_unfollowed(mut self) -> Self {
        let maps = self.scopes.iter_mut().map(|(_, entries)| entries);
        for (_, address) in maps.chain([&mut self.imports]).flatten() {
            *address = address.as_ref().and_then(|_| Url::parse(UNFOLLOWED).ok());
        }
        self.integrity.clear();
        self
    }

    /// HTML, "merge existing and new import maps": what a page's earlier maps say stands. That a
    /// page may already have used a specifier when a later map comes is not known here.
    #[cfg(feature = "internals")]
    pub fn merge(&mut self, later: Self) {
        *self = Self::merged([std::mem::take(self), later]);
    }

    /// All maps of a page, in their order, merged as browsers merge them.
    pub fn merged(maps: impl IntoIterator<Item = Self>) -> Self {
        let mut imports = Vec::new();
        let mut scopes: HashMap<String, SpecifierMap> = HashMap::new();
        let mut integrity = BTreeMap::new();
        for map in maps {
            imports.extend(map.imports);
            for (prefix, entries) in map.scopes {
                scopes.entry(prefix).or_default().extend(entries);
            }
            for (url, metadata) in map.integrity {
                integrity.entry(url).or_insert(metadata);
            }
        }
        let sorted = |(prefix, entries)| (prefix, sorted_keys::first_of_each(entries));
        let mut scopes: Vec<_> = scopes.into_iter().map(sorted).collect();
        sorted_keys::sort(&mut scopes);
        Self { imports: sorted_keys::first_of_each(imports), scopes, integrity }
    }
}

/// An [`ImportMap`] as it was written to a file: its order is not relied on.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", rename = "ImportMap")]
struct Unsorted {
    imports: SpecifierMap,
    scopes: Vec<(String, SpecifierMap)>,
    integrity: BTreeMap<String, String>,
}

impl From<Unsorted> for ImportMap {
    fn from(Unsorted { imports, scopes, integrity }: Unsorted) -> Self {
        Self::merged([Self { imports, scopes, integrity }])
    }
}

/// Why browsers ignore an import map altogether.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportMapError {
    /// Not JSON.
    #[error("the import map is not JSON: {0}")]
    Json(String),
    /// Not an object.
    #[error("the import map is not a JSON object")]
    NotAnObject,
    /// A member that must be an object is not.
    #[error("`{0}` of the import map is not a JSON object")]
    MemberNotAnObject(String),
}

/// An entry that browsers ignore, or take for a block, with a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapWarning {
    /// A member that HTML does not know.
    UnknownKey(String),
    /// An entry with an empty key.
    EmptyKey,
    /// An entry's address is no string or no URL, and not `null` either, which blocks on purpose.
    InvalidAddress(String),
    /// A key ends with `/`, its address does not.
    AddressWithoutSlash(String),
    /// A scope's prefix is no URL.
    InvalidScope(String),
    /// A key of `integrity` is no URL, or its value no string.
    InvalidIntegrity(String),
}

/// What a string of an import map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'m> {
    /// What an entry maps to.
    Address {
        /// The entry's key, as written. With a final `/` the address is a folder.
        key: &'m str,
    },
    /// An entry's key, where that is a URL.
    Key,
    /// A scope's prefix.
    Scope,
    /// A key of `integrity`.
    Integrity,
}

/// An address of an import map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address<'m> {
    /// The prefix of the scope, as written, if the entry is in one.
    pub scope: Option<&'m str>,
    /// The entry's key, as written.
    pub key: &'m str,
    /// Where it leads.
    pub url: Url,
    /// The string literal of the address.
    pub span: Range<usize>,
    /// The whole entry, from the key to the address.
    pub entry: Range<usize>,
}

/// A piece of text to be put in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapEdit {
    /// The bytes that go; an empty span inserts.
    pub span: Range<usize>,
    /// The JSON that comes.
    pub json: String,
}

/// An import map as written.
#[derive(Clone, Debug)]
pub struct ImportMapText<'t> {
    text: &'t str,
    root: Value,
}

impl<'t> ImportMapText<'t> {
    /// Reads the text of a `<script type=importmap>`.
    ///
    /// # Errors
    /// [`ImportMapError`], where browsers report an error and go on without the map.
    pub fn parse(text: &'t str) -> Result<Self, ImportMapError> {
        let root = json::parse(text).map_err(|error| ImportMapError::Json(error.to_string()))?;
        let map = Self { text, root };
        let Kind::Object(members) = &map.root.kind else {
            return Err(ImportMapError::NotAnObject);
        };
        let not_object = |name: &str| Err(ImportMapError::MemberNotAnObject(name.to_owned()));
        for name in ["imports", "scopes", "integrity"] {
            if last(members, name).is_some_and(|member| member.value.members().is_none()) {
                return not_object(name);
            }
        }
        for scope in map.part("scopes") {
            if scope.value.members().is_none() {
                return not_object(&scope.key);
            }
        }
        Ok(map)
    }

    fn members(&self) -> &[Member] {
        self.root.members().unwrap_or_default()
    }

    /// The members of a member; where that is repeated, the last one counts.
    fn part(&self, name: &str) -> &[Member] {
        last(self.members(), name).and_then(|member| member.value.members()).unwrap_or_default()
    }

    /// Every specifier map: its scope and its members.
    fn specifier_maps(&self) -> impl Iterator<Item = (Option<&str>, &[Member])> {
        let scopes = self.part("scopes").iter();
        let scopes = scopes
            .map(|scope| (Some(scope.key.as_str()), scope.value.members().unwrap_or_default()));
        std::iter::once((None, self.part("imports"))).chain(scopes)
    }

    /// What the map means on a page with the base URL `base`, and what is odd about it.
    pub fn meaning(&self, base: &Url) -> (ImportMap, Vec<MapWarning>) {
        let mut warnings = Vec::new();
        let mut map = ImportMap {
            imports: self.normalize(self.part("imports"), base, &mut warnings),
            ..ImportMap::default()
        };
        for scope in self.part("scopes") {
            let Ok(prefix) = base.join(&scope.key) else {
                warnings.push(MapWarning::InvalidScope(scope.key.clone()));
                continue;
            };
            let members = scope.value.members().unwrap_or_default();
            let entries = self.normalize(members, base, &mut warnings);
            map.scopes.push((prefix.into(), entries));
        }
        map.scopes = sorted_keys::last_of_each(map.scopes);
        for member in self.part("integrity") {
            match (url_like(&member.key, base), member.value.as_str()) {
                (Some(url), Some(integrity)) => {
                    map.integrity.insert(url.into(), integrity.to_owned());
                }
                _ => warnings.push(MapWarning::InvalidIntegrity(member.key.clone())),
            }
        }
        let known = ["imports", "scopes", "integrity"];
        let unknown = self.members().iter().filter(|m| !known.contains(&m.key.as_str()));
        warnings.extend(unknown.map(|member| MapWarning::UnknownKey(member.key.clone())));
        (map, warnings)
    }

    /// HTML, "sort and normalize a module specifier map".
    fn normalize(
        &self,
        members: &[Member],
        base: &Url,
        warnings: &mut Vec<MapWarning>,
    ) -> SpecifierMap {
        let mut entries = SpecifierMap::new();
        for member in members {
            if member.key.is_empty() {
                warnings.push(MapWarning::EmptyKey);
                continue;
            }
            let key = url_like(&member.key, base).map_or_else(|| member.key.clone(), String::from);
            let address = member.value.as_str().and_then(|address| url_like(address, base));
            let address = match address {
                // Written so on purpose: it blocks the name.
                None if self.text.get(member.value.span.clone()) == Some("null") => None,
                None => {
                    warnings.push(MapWarning::InvalidAddress(member.key.clone()));
                    None
                }
                Some(url) if member.key.ends_with('/') && !url.as_str().ends_with('/') => {
                    warnings.push(MapWarning::AddressWithoutSlash(member.key.clone()));
                    None
                }
                address => address,
            };
            entries.push((key, address));
        }
        sorted_keys::last_of_each(entries)
    }

    /// Every address that is a URL, in source order.
    pub fn addresses(&self, base: &Url) -> Vec<Address<'_>> {
        let mut addresses = Vec::new();
        for (scope, entries) in self.specifier_maps() {
            addresses.extend(entries.iter().filter_map(|entry| {
                let url = url_like(entry.value.as_str()?, base)?;
                let span = entry.value.span.clone();
                let whole = entry.key_span.start..span.end;
                Some(Address { scope, key: &entry.key, url, span, entry: whole })
            }));
        }
        addresses.sort_by_key(|address| address.span.start);
        addresses
    }

    /// The edits that put `change(part, url)` in the place of every URL for which it gives a text.
    /// Bare keys are names, not URLs, and stay.
    pub fn rewrite(
        &self,
        base: &Url,
        change: impl Fn(Part<'_>, &Url) -> Option<String>,
    ) -> Vec<MapEdit> {
        let mut edits = Vec::new();
        let mut edit = |part: Part<'_>, url: Option<Url>, span: &Range<usize>| {
            if let Some(text) = url.and_then(|url| change(part, &url)) {
                edits.push(MapEdit { span: span.clone(), json: json::string(&text) });
            }
        };
        for scope in self.part("scopes") {
            edit(Part::Scope, base.join(&scope.key).ok(), &scope.key_span);
        }
        for (_, entries) in self.specifier_maps() {
            for entry in entries {
                edit(Part::Key, url_like(&entry.key, base), &entry.key_span);
                let address = entry.value.as_str().and_then(|address| url_like(address, base));
                edit(Part::Address { key: &entry.key }, address, &entry.value.span);
            }
        }
        for entry in self.part("integrity") {
            edit(Part::Integrity, url_like(&entry.key, base), &entry.key_span);
        }
        edits.sort_by_key(|edit| edit.span.start);
        edits
    }

    /// The edits that put `change(url, metadata)` in the place of the integrity metadata of every URL
    /// for which it gives a text.
    pub fn rewrite_integrity(
        &self,
        base: &Url,
        change: impl Fn(&Url, &str) -> Option<String>,
    ) -> Vec<MapEdit> {
        let edit = |entry: &Member| {
            let metadata = entry.value.as_str()?;
            let text = change(&url_like(&entry.key, base)?, metadata)?;
            let differs = metadata != text;
            differs.then(|| MapEdit { span: entry.value.span.clone(), json: json::string(&text) })
        };
        self.part("integrity").iter().filter_map(edit).collect()
    }

    /// The edit that puts `entries` (key, address) in the place of the one of `address`.
    ///
    /// The address is of this map; there must be an entry at least.
    pub fn replace(&self, address: &Address<'_>, entries: &[(String, String)]) -> MapEdit {
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let between = match indent_before(self.text, address.entry.start) {
            Some(indent) => format!(",{newline}{indent}"),
            None => ", ".to_owned(),
        };
        let pairs: Vec<_> =
            entries.iter().map(|(key, address)| pair(key, &json::string(address))).collect();
        MapEdit { span: address.entry.clone(), json: pairs.join(&between) }
    }

    /// The edit that adds `entries` (address, integrity) to the map's `integrity`, in the given
    /// order. What the map says already about a URL stays. `None` if there is nothing to add.
    pub fn add_integrity(&self, base: &Url, entries: &[(String, String)]) -> Option<MapEdit> {
        let existing: HashSet<_> =
            self.part("integrity").iter().filter_map(|m| url_like(&m.key, base)).collect();
        let is_new =
            |address: &str| url_like(address, base).is_some_and(|url| !existing.contains(&url));
        let entries: Vec<_> = entries.iter().filter(|(address, _)| is_new(address)).collect();
        if entries.is_empty() {
            return None;
        }
        let lines = || entries.iter().map(|(address, value)| pair(address, &json::string(value)));
        let outer = Layout::of(self.text, &self.root);
        let object = || format!("{{{}{}}}", outer.inner().join(lines()), outer.line());
        Some(match last(self.members(), "integrity").map(|member| &member.value) {
            None => {
                let member = std::iter::once(pair("integrity", &object()));
                outer.append(&self.root, &outer.join(member))
            }
            Some(value) if value.members().is_none_or(<[_]>::is_empty) => {
                MapEdit { span: value.span.clone(), json: object() }
            }
            Some(value) => {
                let layout = Layout::of(self.text, value);
                layout.append(value, &layout.join(lines()))
            }
        })
    }

    /// The text with `edits` made; every other byte as it was.
    ///
    /// The edits are of this map, and no two of them of one place.
    pub fn apply(&self, edits: &[MapEdit]) -> String {
        let mut edits: Vec<&MapEdit> = edits.iter().collect();
        edits.sort_by_key(|edit| edit.span.start);
        let mut out = String::with_capacity(self.text.len() + 128 * edits.len());
        let mut done = 0;
        for edit in edits {
            let before = self.text.get(done..edit.span.start).unwrap_or_default();
            out.push_str(before);
            out.push_str(&edit.json);
            done = edit.span.end;
        }
        out.push_str(self.text.get(done..).unwrap_or_default());
        out
    }
}

/// The text of a new import map that only holds `integrity`: (address, integrity), in that order.
pub fn integrity_map(entries: &[(String, String)]) -> String {
    let layout = Layout::Lines { newline: "\n", indent: "    ".to_owned(), unit: "  ".to_owned() };
    let lines = entries.iter().map(|(address, value)| pair(address, &json::string(value)));
    format!("{{\n  \"integrity\": {{{}\n  }}\n}}", layout.join(lines))
}

fn last<'m>(members: &'m [Member], name: &str) -> Option<&'m Member> {
    members.iter().rev().find(|member| member.key == name)
}

fn pair(key: &str, value: &str) -> String {
    format!("{}: {value}", json::string(key))
}

/// How the members of an object are set out.
enum Layout<'t> {
    OneLine,
    Lines {
        newline: &'t str,
        /// What stands before each member.
        indent: String,
        /// By how much a level is indented.
        unit: String,
    },
}

impl<'t> Layout<'t> {
    /// As the last member of `object` is set out.
    fn of(text: &'t str, object: &Value) -> Self {
        let members = object.members().unwrap_or_default();
        let Some(last) = members.last() else { return Self::OneLine };
        let Some(indent) = indent_before(text, last.key_span.start) else { return Self::OneLine };
        let end = object.span.end.saturating_sub(1);
        let outer = indent_before(text, end).unwrap_or_default();
        let unit = indent.strip_prefix(outer).filter(|unit| !unit.is_empty()).unwrap_or("  ");
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self::Lines { newline, indent: indent.to_owned(), unit: unit.to_owned() }
    }

    /// One level deeper.
    fn inner(&self) -> Layout<'t> {
        match self {
            Self::OneLine => Layout::OneLine,
            Self::Lines { newline, indent, unit } => {
                Layout::Lines { newline, indent: format!("{indent}{unit}"), unit: unit.clone() }
            }
        }
    }

    /// What starts a member's line.
    fn line(&self) -> String {
        match self {
            Self::OneLine => String::new(),
            Self::Lines { newline, indent, .. } => format!("{newline}{indent}"),
        }
    }

    /// The text of members, each with the white space before it.
    fn join(&self, members: impl Iterator<Item = String>) -> String {
        let line = self.line();
        let lines: Vec<_> = members.map(|member| format!("{line}{member}")).collect();
        lines.join(if let Self::OneLine = self { ", " } else { "," })
    }

    /// `members` after the last one of `object`.
    fn append(&self, object: &Value, members: &str) -> MapEdit {
        match object.members().and_then(<[_]>::last) {
            None => MapEdit { span: object.span.clone(), json: format!("{{{members}}}") },
            Some(last) => {
                let gap = if let Self::OneLine = self { " " } else { "" };
                let at = last.value.span.end;
                MapEdit { span: at..at, json: format!(",{gap}{members}") }
            }
        }
    }
}

/// The white space between the start of the line and `at`, if there is nothing else.
fn indent_before(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let line = &before[before.rfind('\n')? + 1..];
    line.trim_matches([' ', '\t']).is_empty().then_some(line)
}
