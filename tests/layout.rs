//! How the library's source is laid out: rooms in an order, no circle of uses, small functions.
//!
//! A room is a module just below the crate's root, with everything in it. The figures of every room
//! are printed by `cargo test --test layout -- --nocapture`.

#[path = "support/source/mod.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{Function, ModulePath, SourceFile, functions, library, uses};

/// The rooms and what each is for. A room may use those above it.
const ROOMS: &[(&str, &str)] = &[
    ("asset", "the kinds of files that pages load, and the facts of each"),
    ("mime", "MIME types"),
    ("options", "the values that options can have"),
    ("integrity", "digests, and what `integrity` attributes say"),
    ("reference", "URLs of subresources, and addresses of pages"),
    ("findings", "warnings and problems, which every stage returns"),
    ("progress", "how far a run has come"),
    ("folder", "files below a folder, written without following links"),
    ("vendor_path", "where a URL lies in the vendor folder"),
    ("site_urls", "the URLs of the site and of its vendor folder"),
    ("html", "bytes of pages: tags with spans, and edits"),
    ("js", "what JavaScript says about loading, and edits"),
    ("csp", "Content Security Policies, and their edits"),
    ("page", "what the tags of a page refer to"),
    ("graph", "what modules and import maps load"),
    ("lockfile", "the lockfile as text and as value"),
    ("fetch", "downloads"),
    ("npm", "packages: registry, tarball, proof"),
    ("companions", "which files of its package a script loads beside itself"),
    ("policy", "what may be vendored, by rules and lists"),
    ("site", "the folder of pages"),
    ("store", "the vendor cache and the site vendor folder"),
    ("cli", "what was typed"),
    ("settings", "what is meant"),
    ("init", "files and texts that are written once"),
    ("record", "pages as JSON lines"),
    ("obtain", "bytes from CDN or npm that passed every check"),
    ("read", "the lockfile, and what all pages together ask for"),
    ("error", "what ends a run"),
    ("resolve", "one action for each URL, and the files that this needs"),
    ("layout", "every path, edited byte and lockfile entry"),
    ("third_party_notices", "the licences of what is redistributed"),
    ("change", "every file of the site as it will be"),
    ("commit", "the only stage that writes"),
    ("notices", "what the owner of the site should know"),
    ("check", "a finished site held against its lockfile"),
    ("report", "what happened, for people and for programs"),
    ("commands", "the stages in their order"),
];

/// Uses that the rules forbid and that have still to be removed: the file, and the file it uses.
const KNOWN_USES: &[(&str, &str)] = &[];

/// Functions that are longer than [`LONGEST`] and have still to be split.
const KNOWN_LONG: &[(&str, &str)] = &[];

/// Rooms whose median function is longer than [`MEDIAN`]: their functions have still to be split.
const KNOWN_ROOMS: &[&str] = &[];

/// Lines of a function, from its `fn` to its last brace.
const LONGEST: usize = 60;
const MEDIAN: usize = 8;

type Files = BTreeMap<ModulePath, SourceFile>;

/// A use of one file by another, by their names.
type Use<'a> = (&'a str, &'a str);

/// Every use, with the lines that say so.
fn all_uses(files: &Files) -> BTreeMap<Use<'_>, Vec<String>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in files.values().filter(|file| file.name != "lib.rs") {
        for used in uses(file, files) {
            let pair = (file.name.as_str(), files[&used.module].name.as_str());
            all.entry(pair).or_default().push(format!("line {}: {}", used.line, used.path));
        }
    }
    all
}

fn room_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

fn place_of(file: &str) -> Option<usize> {
    ROOMS.iter().position(|(room, _)| *room == room_of(file))
}

/// The uses of another room that the order does not allow.
fn against_the_order<'a>(all: impl Iterator<Item = Use<'a>>) -> BTreeSet<Use<'a>> {
    all.filter(|(from, to)| place_of(to) > place_of(from)).collect()
}

/// The uses within a room that are part of a circle.
fn in_circles<'a>(all: impl Iterator<Item = Use<'a>>) -> BTreeSet<Use<'a>> {
    let all: BTreeSet<_> = all.filter(|(from, to)| room_of(from) == room_of(to)).collect();
    let leads_back = |(from, to): &Use<'a>| {
        let (mut reached, mut ahead) = (BTreeSet::new(), vec![*to]);
        while let Some(file) = ahead.pop() {
            if reached.insert(file) {
                ahead.extend(all.iter().filter(|(user, _)| *user == file).map(|(_, used)| *used));
            }
        }
        reached.contains(from)
    };
    all.iter().copied().filter(leads_back).collect()
}

fn faults<'a>(all: impl Iterator<Item = Use<'a>> + Clone) -> BTreeSet<Use<'a>> {
    against_the_order(all.clone()).into_iter().chain(in_circles(all)).collect()
}

#[test]
fn every_room_has_a_place_in_the_order() {
    let files = library();
    let found: BTreeSet<_> =
        files.values().map(SourceFile::room).filter(|room| !room.is_empty()).collect();
    let listed: BTreeSet<_> = ROOMS.iter().map(|(room, _)| *room).collect();
    assert_eq!(found, listed, "the rooms of src/, and those listed in tests/layout.rs");
}

#[test]
fn uses_follow_the_order_and_lead_round_in_no_circle() {
    let files = library();
    let all = all_uses(&files);
    let known = BTreeSet::from_iter(KNOWN_USES.iter().copied());
    let found = faults(all.keys().copied().filter(|pair| !known.contains(pair)));
    let told: Vec<_> = found
        .iter()
        .map(|pair| format!("{} uses {}\n    {}", pair.0, pair.1, all[pair].join("\n    ")))
        .collect();
    assert!(found.is_empty(), "against the order, or part of a circle:\n{}", told.join("\n"));
}

#[test]
fn every_known_use_is_still_a_fault() {
    let files = library();
    let all = all_uses(&files);
    let found = faults(all.keys().copied());
    let mended: Vec<_> = KNOWN_USES.iter().filter(|pair| !found.contains(*pair)).collect();
    assert!(mended.is_empty(), "no longer needed in KNOWN_USES: {mended:#?}");
}

/// The functions of each room.
fn functions_by_room(files: &Files) -> BTreeMap<&str, Vec<(&str, Function)>> {
    let mut rooms: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in files.values() {
        let found =
            functions(&file.code).into_iter().map(|function| (file.name.as_str(), function));
        rooms.entry(file.room()).or_default().extend(found);
    }
    rooms
}

fn median(functions: &[(&str, Function)]) -> usize {
    let mut lengths: Vec<_> = functions.iter().map(|(_, function)| function.length).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or_default()
}

#[test]
fn no_function_is_too_long() {
    let files = library();
    let rooms = functions_by_room(&files);
    let long = rooms.values().flatten().filter(|(_, function)| function.length > LONGEST);
    let found: Vec<_> = long.map(|(file, function)| (*file, function.name.as_str())).collect();
    assert_eq!(found, KNOWN_LONG, "functions of more than {LONGEST} lines");
}

#[test]
fn the_median_function_of_every_room_is_short() {
    let files = library();
    let rooms = functions_by_room(&files);
    let long = rooms.iter().filter(|(_, functions)| median(functions) > MEDIAN);
    let found: Vec<_> = long.map(|(room, _)| *room).collect();
    assert_eq!(found, KNOWN_ROOMS, "rooms whose median function is longer than {MEDIAN} lines");
}

#[test]
fn figures_of_every_room() {
    let files = library();
    let all = all_uses(&files);
    println!("room          files  lines  functions  median  longest");
    for (room, functions) in functions_by_room(&files) {
        let own = || files.values().filter(|file| file.room() == room);
        let lines: usize = own().map(|file| file.lines).sum();
        let longest =
            functions.iter().map(|(_, function)| function.length).max().unwrap_or_default();
        println!(
            "{room:12} {:6} {lines:6} {:10} {:7} {longest:8}",
            own().count(),
            functions.len(),
            median(&functions)
        );
    }
    println!("{} uses between files", all.len());
    println!("{} between rooms against the order", against_the_order(all.keys().copied()).len());
    println!("{} within a room as part of a circle", in_circles(all.keys().copied()).len());
    println!("{} of them known", KNOWN_USES.len());
}
