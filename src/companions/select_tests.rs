use super::{
    super::{facts::Wanted, recipe::RecipeList},
    *,
};

const RECIPES: &str = r#"
    [[recipe]]
    id = "made-up"
    npm = "made-up"
    versions = "1"
    trigger = ["lib/*.js"]
    base = "../parts"
    reason = ""
    source = ["a test"]
    date = 2026-11-27
    need = [
        { files = ["core/*.woff"] },
        { scripts = ["lib/full.js"], files = ["full/**"] },
        { mentioned = ["speech"], files = ["speech/**"] },
        { files = ["lang/{name}.js"], names = [{ tokens = "language-" }], default = ["plain"],
          brings = { tsx = ["jsx", "ts"], ts = ["js"] } },
        { files = ["config/{name}.js"], names = [{ query = "config" }] },
        { files = ["{name}.js"], names = [{ setting = "Made", key = "load" }],
          prefixes = { "[x]/" = "extra/" } },
    ]
"#;

const FILES: &[(&str, u64)] = &[
    ("lib/main.js", 1),
    ("lib/full.js", 2),
    ("parts/core/a.woff", 10),
    ("parts/full/deep/a.js", 20),
    ("parts/speech/a.js", 40),
    ("parts/lang/plain.js", 100),
    ("parts/lang/js.js", 101),
    ("parts/lang/jsx.js", 102),
    ("parts/lang/tsx.js", 103),
    ("parts/lang/ts.js", 104),
    ("parts/config/[a].js", 200),
    ("parts/config/b.js", 201),
    ("parts/extra/safe.js", 400),
    ("parts/ui/menu.js", 401),
];

fn selected(script: &str, page: &str, wish: &Override) -> Outcome {
    let recipes = RecipeList::parse(RECIPES).unwrap();
    let recipe = recipes.iter().next().unwrap();
    let (path, query) = match script.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (script, None),
    };
    let facts = Facts::of_page(page.as_bytes(), &Wanted::new(recipe.wants()));
    let files = FILES.iter().copied().collect();
    select(&files, Script { path, query }, Some(recipe), &facts, wish, 0)
}

fn files(outcome: Outcome) -> Vec<String> {
    match outcome {
        Outcome::Selected(selection) => selection.files,
        other => panic!("{other:?}"),
    }
}

fn by_page(script: &str, page: &str) -> Vec<String> {
    files(selected(script, page, &Override::Automatic))
}

#[test]
fn a_page_that_says_nothing_gets_what_is_always_needed_and_the_defaults() {
    let outcome = selected("lib/main.js", "", &Override::Automatic);
    let files = vec!["parts/core/a.woff".to_owned(), "parts/lang/plain.js".to_owned()];
    let reason = Reason::Recipe("made-up".into());
    assert_eq!(outcome, Outcome::Selected(Selection { files, bytes: 110, reason }));
}

#[test]
fn needs_of_another_script_do_not_count() {
    let files = by_page("lib/full.js", "");
    assert!(files.contains(&"parts/full/deep/a.js".to_owned()), "{files:?}");
}

#[test]
fn names_in_pages_bring_what_they_depend_on() {
    let files = by_page("lib/main.js", "<code class=language-tsx>");
    let languages: Vec<_> = files.iter().filter(|file| file.contains("lang")).collect();
    assert_eq!(
        languages,
        ["js", "jsx", "ts", "tsx"]
            .map(|it| format!("parts/lang/{it}.js"))
            .iter()
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_name_that_code_computes_brings_every_file_it_could_be() {
    let files = by_page("lib/main.js", "`language-${name}`");
    assert_eq!(files.iter().filter(|file| file.contains("lang")).count(), 5);
    let files = by_page("lib/main.js", "<script>Made = {load: [f()]}</script>");
    assert!(files.contains(&"parts/ui/menu.js".to_owned()), "{files:?}");
}

#[test]
fn a_name_is_no_glob() {
    let files = by_page("lib/main.js?config=*,[a],%2F..%2F..", "");
    let configs: Vec<_> = files.iter().filter(|file| file.contains("config")).collect();
    assert_eq!(configs, ["parts/config/[a].js"]);
}

#[test]
fn settings_may_name_files_by_a_prefix() {
    let page = "<script>Made = {load: ['[x]/safe', 'ui/menu', 'missing']}</script>";
    let files = by_page("lib/main.js", page);
    assert!(files.contains(&"parts/extra/safe.js".to_owned()), "{files:?}");
    assert!(files.contains(&"parts/ui/menu.js".to_owned()), "{files:?}");
}

#[test]
fn what_no_page_mentions_is_left_out() {
    assert!(!by_page("lib/main.js", "").iter().any(|file| file.contains("speech")));
    assert!(by_page("lib/main.js", "Speech").iter().any(|file| file.contains("speech")));
}

#[test]
fn a_recipe_whose_files_are_missing_does_not_fit() {
    let recipes = RecipeList::parse(RECIPES).unwrap();
    let files = Files::from([("lib/main.js", 1), ("parts/lang/plain.js", 1)]);
    let script = Script { path: "lib/main.js", query: None };
    let outcome =
        select(&files, script, recipes.iter().next(), &Facts::default(), &Override::Automatic, 0);
    let reason = Reason::Recipe("made-up".into());
    assert_eq!(outcome, Outcome::Missing { glob: "parts/core/*.woff".into(), reason });
}

#[test]
fn the_user_can_have_all_some_or_none() {
    assert_eq!(files(selected("lib/main.js", "", &Override::All)).len(), FILES.len() - 1);
    let globs = |glob: &str| Override::Globs(vec![glob.parse().unwrap()]);
    assert_eq!(files(selected("lib/main.js", "", &globs("parts/*/b.js"))), ["parts/config/b.js"]);
    let none = selected("lib/main.js", "", &Override::None);
    assert_eq!(none, Outcome::Nothing(Reason::None));
    let missing = selected("lib/main.js", "", &globs("nowhere/**"));
    assert_eq!(missing, Outcome::Missing { glob: "nowhere/**".into(), reason: Reason::Globs });
}

#[test]
fn without_a_recipe_the_folder_comes_up_to_the_limit() {
    let files: Files<'_> = [("dist/a.js", 9), ("dist/x/b.wasm", 60), ("c.js", 7)].into();
    let script = Script { path: "dist/a.js", query: None };
    let with_limit =
        |limit| select(&files, script, None, &Facts::default(), &Override::Automatic, limit);
    let too_large = Outcome::TooLarge { files: 1, bytes: 60, limit: 59 };
    assert_eq!(with_limit(59), too_large);
    let selection =
        Selection { files: vec!["dist/x/b.wasm".to_owned()], bytes: 60, reason: Reason::OwnFolder };
    assert_eq!(with_limit(60), Outcome::Selected(selection));
}
