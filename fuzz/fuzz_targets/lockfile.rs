//! A lockfile that is accepted prints as text that reads back as the same, and each of its paths
//! lies in the vendor folder; no error message carries a terminal escape after `printable`.
#![no_main]

use std::path::Path;

use inhouse::{lockfile::Lockfile, report::printable};
use libfuzzer_sys::fuzz_target;

const SEED: &str = r#"version = 2

[[asset]]
url = "https://cdn.example/npm/a@1.0.0/a.js"
kind = "script"
final-url = "https://cdn.example/npm/a@1.0.0/dist/a.js"
path = "cdn.example/npm/a@1.0.0/a.js"
size = 12
type = "text/javascript"
integrity = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"
package = "a@1.0.0"
proof = "npm"
proof-file = "dist/a.js"
tarball = "sha512-x"
source = "cdn"
floating = true
keep-query = true
varies = "user-agent"
"#;

fn seeds() {
    let conflict = SEED.replace("[[asset]]", "<<<<<<< ours\n[[asset]]");
    let twice = format!("{SEED}{}", SEED.trim_start_matches("version = 2"));
    let escaping = SEED.replace("cdn.example/npm/a@1.0.0/a.js\"\nsize", "../../a.js\"\nsize");
    let old = SEED.replace("asset", "script").replace("kind = \"script\"\n", "").replacen('2', "1", 1);
    let loads = format!("{SEED}loads = [{{ url = \"https://cdn.example/b.js\" }}]\n");
    let other = SEED.replace('1', "2");
    inhouse_fuzz::plant([SEED.to_owned(), conflict, twice, escaping, old, loads, other]);
}

fuzz_target!(init: seeds(), |text: &[u8]| {
    let Ok(text) = std::str::from_utf8(text) else { return };
    match Lockfile::parse(text, Path::new("inhouse.lock")) {
        Ok(lock) => {
            let printed = lock.to_text();
            let again = Lockfile::parse(&printed, Path::new("inhouse.lock"));
            assert_eq!(again.expect("what we print is a lockfile"), lock);
            for (_, entry) in lock.iter() {
                let path = entry.path.to_path(Path::new("vendor"));
                assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
        Err(error) => {
            let message = printable(&format!("{error} {}", error.remedy()));
            assert!(!message.contains(|c: char| c.is_control() && c != '\n'));
        }
    }
});
