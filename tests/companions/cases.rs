//! The cases of `tests/companions.rs`, as `cases.toml` writes them.

use std::sync::LazyLock;

use serde::Deserialize;

/// All of them.
pub static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("cases.toml")).unwrap();
    file.case
});

#[derive(Deserialize)]
struct File {
    case: Vec<Case>,
}

/// One script on one page. The file's header says what each field means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub package: String,
    pub script: String,
    pub recipe: String,
    #[serde(default = "page_with_nothing_else")]
    pub page: String,
    #[serde(default)]
    pub others: Vec<String>,
    #[serde(default)]
    pub also: Vec<String>,
    pub selected: Vec<(usize, u64)>,
    #[serde(default)]
    pub done: String,
}

fn page_with_nothing_else() -> String {
    "<script src=SCRIPT></script>".to_owned()
}
