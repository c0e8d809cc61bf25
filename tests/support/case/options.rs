//! What of a `vendor` command other commands are given too.

/// The options of `vendor` that `check` does not know; `true` if a value follows.
const ONLY_FOR_VENDOR: [(&str, bool); 14] = [
    ("--locked", false),
    ("--offline", false),
    ("--frozen", false),
    ("--source", true),
    ("--integrity", true),
    ("--no-integrity", false),
    ("--crossorigin", false),
    ("--on-error", true),
    ("--ca-cert", true),
    ("--allow-private", false),
    ("--allow-http", true),
    ("--resolve", true),
    ("--dry-run", false),
    ("--dest", true),
];

/// The options that hold a run to the lockfile and away from the network.
const MODE: [&str; 3] = ["--locked", "--offline", "--frozen"];

/// Where the result of a `vendor` command lies, and its options that other commands know too; `known`
/// are those of the others that this one knows.
pub fn without_vendor_options<'a>(vendor: &[&'a str], known: &[&str]) -> (&'a str, Vec<&'a str>) {
    let (mut site, mut words) = (vendor[1], Vec::new());
    let mut rest = vendor[2..].iter();
    while let Some(word) = rest.next() {
        match ONLY_FOR_VENDOR.iter().find(|(name, _)| name == word && !known.contains(name)) {
            Some(("--dest", _)) => site = rest.next().expect("--dest has a value"),
            Some((_, true)) => drop(rest.next()),
            Some((_, false)) => {}
            None => words.push(*word),
        }
    }
    (site, words)
}

/// A `vendor` command with `--frozen` instead of its own mode.
pub fn frozen<'a>(vendor: &[&'a str]) -> Vec<&'a str> {
    let modeless = vendor.iter().copied().filter(|word| !MODE.contains(word));
    modeless.chain(["--frozen"]).collect()
}

/// A frozen `vendor` command with its result in `site` itself.
pub fn frozen_in_place<'a>(vendor: &[&'a str], site: &'a str) -> Vec<&'a str> {
    let mut words = vec!["vendor", site];
    let mut rest = vendor[2..].iter();
    while let Some(word) = rest.next() {
        match *word {
            "--dest" => drop(rest.next()),
            word => words.push(word),
        }
    }
    frozen(&words)
}
