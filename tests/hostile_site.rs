//! Hostile pages, file names, servers and lockfiles: bounded memory and time, a clear outcome, and no
//! control sequence for the terminal.
//!
//! Sizes are moderate, so that debug builds take seconds; `INHOUSE_TEST_LARGE=1` makes them as large
//! as anyone will ever try. Which paths URLs become is shown by the laws of `vendor_path`.

use std::{fmt::Write, sync::OnceLock, time::Duration};

use measured::{Outcome, Project};
use support::{cdn::Cdn, http::Answer};

#[path = "support/measured.rs"]
mod measured;
mod support;

const HOST: &str = "cdn.example";
const JS: &str = "alert(1)\n";
/// What is read of a lockfile, in bytes.
const MOST_OF_A_LOCKFILE: u64 = 4 << 20;

/// The moderate size, or the large one.
fn size(moderate: usize, large: usize) -> usize {
    if std::env::var_os("INHOUSE_TEST_LARGE").is_some() { large } else { moderate }
}

fn cdn() -> Cdn {
    Cdn::start().file(HOST, "/1.0.0/a.js", JS)
}

fn project(cdn: &Cdn, page: impl AsRef<[u8]>) -> Project {
    Project::with_page(page).always(cdn.resolve_args())
}

/// A project and the CDN it needs.
fn with_cdn(page: impl AsRef<[u8]>) -> (Project, Cdn) {
    let cdn = cdn();
    (project(&cdn, page), cdn)
}

fn script(path: &str) -> String {
    format!("<script src=\"https://{HOST}/1.0.0/{path}\"></script>")
}

// Size.

/// What a run that vendors one small script has at its worst.
fn ordinary() -> u64 {
    static PEAK: OnceLock<u64> = OnceLock::new();
    *PEAK.get_or_init(|| with_cdn(script("a.js")).0.vendor(&[]).peak)
}

/// Runs `vendor`, with bounds on time and memory that are proportional to the page.
fn assert_bearable(project: &Project, page: usize) -> Outcome {
    let outcome = project.vendor(&[]);
    // The page, its edited copy, and the tree of the second parser.
    outcome.assert_peak_within(ordinary(), 12 * page as u64);
    outcome.assert_within(Duration::from_secs(30 + (page as u64 >> 20)));
    outcome
}

#[test]
fn a_page_of_many_megabytes_is_vendored() {
    let text = "<p>All work and no play makes Jack a dull boy.</p>\n";
    let length = size(20, 200) << 20;
    let page = text.repeat(length / text.len()) + &script("a.js") + "<p>The end.</p>";
    let (project, _cdn) = with_cdn(&page);
    assert_bearable(&project, length).assert_code(0);
    let rewritten = std::fs::read_to_string(project.path("public/index.html")).unwrap();
    assert!(rewritten.contains("<script src=\"vendor/cdn.example/1.0.0/a.js\" integrity="));
    assert!(rewritten.ends_with("<p>The end.</p>") && rewritten.len() > page.len());
}

#[test]
fn a_page_with_very_many_scripts_is_vendored() {
    let count = size(20_000, 100_000);
    let page = (script("a.js") + "\n").repeat(count);
    let cdn = cdn();
    let project = project(&cdn, &page);
    // The report holds the place of each tag.
    assert_bearable(&project, page.len() + (count << 9)).assert_code(0);
    assert_eq!(cdn.requests(HOST, "/1.0.0/a.js"), 1);
    let rewritten = std::fs::read_to_string(project.path("public/index.html")).unwrap();
    assert_eq!(
        rewritten.matches("src=\"vendor/cdn.example/1.0.0/a.js\" integrity=").count(),
        count
    );
}

#[test]
fn very_many_scripts_on_one_line_are_vendored() {
    let count = size(20_000, 100_000);
    let page = script("a.js").repeat(count);
    let (project, _cdn) = with_cdn(&page);
    assert_bearable(&project, page.len() + (count << 9)).assert_code(0);
}

#[test]
fn a_page_with_a_million_scripts_is_refused_by_their_number() {
    let count = size(150_000, 1_000_000);
    for tag in
        ["<script src=//a.example/a.js></script>", "<script type=x src=//b.example/></script>"]
    {
        let page = (tag.len() * count) as u64;
        let (project, _cdn) = with_cdn(tag.repeat(count));
        let before = project.snapshot();
        let outcome = project.vendor(&[]);
        outcome.assert_code(1).assert_says("more than 100000 tags that name scripts");
        // A page's tags are noted before the first of them is looked at.
        outcome.assert_peak_within(ordinary(), 24 * page);
        outcome.assert_within(Duration::from_secs(60));
        assert!(project.snapshot() == before);
    }
}

#[test]
fn very_many_different_scripts_are_listed() {
    let count = size(20_000, 100_000);
    let mut page = String::new();
    for number in 0..count {
        writeln!(page, "{}", script(&format!("{number}.js"))).unwrap();
    }
    let project = Project::with_page(&page);
    let outcome = project.run(&["scan", "public"]);
    outcome.assert_code(0).assert_peak_within(ordinary(), (count as u64) << 12);
    outcome
        .assert_within(Duration::from_secs(60))
        .assert_says(&format!("{count} scripts to vendor"));
}

#[test]
fn an_attribute_of_many_megabytes_is_refused_by_size() {
    let length = size(10, 50) << 20;
    for page in [
        format!("<p title=\"{}\">{}", "x".repeat(length), script("a.js")),
        format!("<script data-x='{}' src=https://{HOST}/1.0.0/a.js></script>", "x".repeat(length)),
        format!("<script src=\"https://{HOST}/1.0.0/a.js?{}\"></script>", "x".repeat(length)),
        // Never closed: the rest of the page is one attribute.
        format!("{}<p title=\"{}", script("a.js"), "x>".repeat(length / 2)),
        format!("{}<!--{}", script("a.js"), "x".repeat(length)),
    ] {
        let (project, _cdn) = with_cdn(&page);
        let before = project.snapshot();
        let outcome = assert_bearable(&project, page.len());
        match outcome.code {
            Some(0) => {}
            _ => {
                outcome.assert_code(1).assert_says("too large to read");
                assert!(project.snapshot() == before, "{}", outcome.text());
            }
        }
    }
}

#[test]
fn an_address_of_a_megabyte_is_never_printed_whole_nor_a_path() {
    let address = format!("https://{HOST}/1.0.0/{}.js", "x".repeat(1 << 20));
    let (project, _cdn) = with_cdn(format!("<script src=\"{address}\"></script>"));
    let before = project.snapshot();
    let outcome = assert_bearable(&project, 1 << 20);
    assert_ne!(outcome.code, Some(0));
    assert!(project.snapshot() == before);
}

/// How many bytes of memory a byte of nested tags may take.
const NESTED_RATIO: usize = 96;

#[test]
fn deep_nesting_is_read_or_refused_in_time() {
    let depth = size(200_000, 2_000_000);
    let idle = with_cdn(script("a.js")).0.vendor(&[]);
    for open in
        ["<div>", "<b>", "<table><tr><td>", "<svg>", "<template>", "<a><p>", "<select><option>"]
    {
        let page = open.repeat(depth / open.len() * 5) + &script("a.js");
        let (project, _cdn) = with_cdn(&page);
        let before = project.snapshot();
        let outcome = project.vendor(&[]);
        // A parser keeps a node for every tag, and there is one every few bytes.
        outcome.assert_peak_in_proportion(&idle, NESTED_RATIO, page.len());
        outcome.assert_within(Duration::from_secs(30 + (page.len() as u64 >> 20)));
        match outcome.code {
            Some(0) => {}
            _ => {
                outcome.assert_code(1).assert_says("`index.html` cannot be read with certainty");
                assert!(project.snapshot() == before, "{}", outcome.text());
            }
        }
    }
}

#[test]
fn very_many_attributes_are_read_or_refused_in_time() {
    let count = size(20_000, 200_000);
    let mut attributes = String::new();
    for number in 0..count {
        write!(attributes, " a{number}=1").unwrap();
    }
    let page = format!("<script{attributes} src=https://{HOST}/1.0.0/a.js></script>");
    assert_bearable(&with_cdn(&page).0, page.len() + (count << 9));
    // In markup that a second parser has to confirm.
    let page = format!(
        "<select><option><svg></svg></select><script{attributes} src=https://{HOST}/1.0.0/a.js></script>"
    );
    assert_bearable(&with_cdn(&page).0, page.len() + (count << 9));
}

// The terminal.

/// Fails if the text holds control characters for a terminal, or marks that turn its direction.
fn assert_harmless(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).expect("the output is UTF-8");
    let obeyed = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(at) = text.find(obeyed) {
        let from = text.floor_char_boundary(at.saturating_sub(200));
        let to = text.ceil_char_boundary((at + 20).min(text.len()));
        panic!("{:?}", &text[from..to]);
    }
}

/// Clears the screen, sets the title, in 7 and 8 bits, and turns the text around.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;pwned\u{7}\u{9b}31m\u{9d}0;x\u{9c}\u{202e}\u{8}\u{7f}\r";

fn every_format(project: &Project, command: &str) {
    for format in [&["--format", "human"][..], &["--format", "json"], &["--verbose"], &["--quiet"]]
    {
        let outcome = match command {
            "vendor" => project.vendor(format),
            _ => project.run(&[&[command, "public"], format].concat()),
        };
        assert_harmless(&outcome.stdout);
        assert_harmless(&outcome.stderr);
        assert!(outcome.code.is_some_and(|code| code <= 2), "{outcome:?}");
    }
}

#[test]
fn escapes_in_pages_do_not_reach_the_terminal() {
    let page = format!(
        "<script src=\"https://{HOST}/1.0.0/{EVIL}.js?{EVIL}#{EVIL}\"></script>
         <script src=\"https://{EVIL}.example/a.js\"></script>
         <script src=\"{{{{ {EVIL} }}}}\"></script>
         <script src=\"{EVIL}://x\"></script>
         <script src=\"https://{HOST}/p.js\" type=\"text/{EVIL}\"></script>
         <script src=\"https://{HOST}/i.js\" integrity=\"sha384-{EVIL} sha512-{EVIL}\"></script>
         <script src=\"https://{HOST}/m.js\" type=module></script>
         <script type=importmap>{{\"imports\":{{\"a\":\"https://{HOST}/{EVIL}\"}}}}</script>
         <script>document.write('<script src=\"https://{HOST}/{EVIL}\"></scr'+'ipt>'); \
         var s = document.createElement('script'); s.src = 'https://{HOST}/{EVIL}.js';</script>
         <meta http-equiv=content-security-policy content=\"script-src {EVIL}\">
         <base href=\"https://{EVIL}/\"><base href=\"//{HOST}/{EVIL}/\">
         <script src=\"https://polyfill.io/{EVIL}\"></script>"
    );
    let (project, _cdn) = with_cdn(page);
    for command in ["vendor", "scan", "check"] {
        every_format(&project, command);
    }
}

#[test]
fn escapes_where_parsers_disagree_do_not_reach_the_terminal() {
    let page = format!("<select><x{EVIL}><svg><title>{}", script("a.js"));
    let (project, _cdn) = with_cdn(page);
    project.write("public/b.html", format!("<meta charset=\"{EVIL}\"><frameset><{EVIL}>"));
    for command in ["vendor", "scan", "check"] {
        every_format(&project, command);
    }
}

#[cfg(unix)]
#[test]
fn escapes_in_file_names_do_not_reach_the_terminal() {
    let evil = EVIL.replace('/', "");
    let (project, _cdn) = with_cdn(script("missing.js"));
    project.write(&format!("public/{evil}/a\n{evil}.html"), script("missing.js"));
    project.write(&format!("public/{evil}/odd.html"), format!("<frameset>{}", script("a.js")));
    std::os::unix::fs::symlink("/", project.path(&format!("public/{evil}/link"))).unwrap();
    for command in ["vendor", "scan", "check"] {
        every_format(&project, command);
    }
    let missing = project.run(&["vendor", &format!("no-{evil}-site")]);
    missing.assert_code(2);
    assert_harmless(&missing.stderr);
    let config = project.run(&["scan", "public", "--config", &format!("{evil}.toml")]);
    config.assert_code(2);
    assert_harmless(&config.stderr);
}

#[test]
fn escapes_from_servers_do_not_reach_the_terminal() {
    // Headers may hold bytes above 0x7F, but no control characters: HTTP refuses those itself.
    let high = "\u{9b}31m\u{202e}";
    let raw = format!(
        "HTTP/1.1 200 {EVIL}\r\ncontent-type: text/{EVIL}\r\nx-jsd-version: {EVIL}\r\n\r\n{EVIL}"
    );
    let answers = [
        Answer::raw(raw),
        Answer::raw(format!("HTTP/1.1 {EVIL}\r\n\r\n")),
        Answer::ok(JS).content_type(&format!("text/{high}")),
        Answer::ok(JS).header("content-encoding", high),
        Answer::ok(JS).header("x-jsd-version", &format!("1.0.0{high}")).header("vary", high),
        Answer::ok(format!("throw new Error('{EVIL}')")),
        Answer::ok(format!("<html>{EVIL}")),
        Answer::ok(format!("/* esm.sh - error */\nthrow new Error(\"{EVIL}\");")),
        Answer::ok(format!("{{\"error\":\"{EVIL}\"}}")).content_type("application/json"),
        Answer::redirect(302, &format!("https://{high}.example/{high}")),
        Answer::redirect(302, &format!("{high}://")),
        Answer::redirect(302, &format!("http://{HOST}/{high}")),
    ];
    let mut server = cdn();
    let mut page = String::new();
    for (number, answer) in answers.into_iter().enumerate() {
        server = server.answer(HOST, &format!("/1.0.0/{number}.js"), answer);
        page += &script(&format!("{number}.js"));
    }
    let project = project(&server, page);
    project.write("inhouse.toml", "[limits]\nretries = 0\ntotal-seconds = 5\n");
    every_format(&project, "vendor");
}

#[test]
fn escapes_in_lockfile_and_configuration_do_not_reach_the_terminal() {
    // TOML has no raw control characters in strings, but escapes and comments.
    let escaped = "\\u001b[2J\\u009b31m\\u202e";
    let block = |url: &str, path: &str, integrity: &str| {
        format!(
            "version = 1\n[[script]]\nurl = \"{url}\"\npath = \"{path}\"\nsize = 1\ntype = \"{escaped}\"\n\
             integrity = \"{integrity}\"\nproof = \"none\"\nproof-reason = \"{escaped}\"\nsource = \"cdn\"\n"
        )
    };
    let good = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";
    let url = format!("https://{HOST}/1.0.0/a.js");
    let (project, _cdn) = with_cdn(script("a.js"));
    for lock in [
        block(&url, escaped, good),
        block(&format!("https://{HOST}/{escaped}"), "h/a.js", good),
        block(&format!("{escaped}:x"), "h/a.js", good),
        block(&url, "h/a.js", &format!("sha384-{escaped}")),
        block(&url, "h/a.js", good),
        format!("version = 1\n\"{escaped}\" = 1\n"),
        format!("version = 1\n# {EVIL}\n= "),
        format!("<<<<<<< {EVIL}\n"),
        format!("version = \"{escaped}\"\n"),
    ] {
        project.write("vendor-cache/inhouse.lock", lock);
        for command in ["vendor", "check"] {
            every_format(&project, command);
        }
    }
    let project = Project::with_page(script("a.js"));
    for config in [
        format!("\"{escaped}\" = 1\n"),
        format!("out = \"{escaped}\"\n"),
        format!("public-path = \"/{escaped}/\"\n"),
        format!("site-url = \"ftp://{escaped}\"\n"),
        format!("# {EVIL}\n= "),
        format!("[[rule]]\npattern = \"{escaped}\"\naction = \"keep\"\nreason = \"{escaped}\"\n"),
        format!("[[rule]]\npattern = \"{HOST}\"\naction = \"deny\"\nreason = \"{escaped}\"\n"),
        format!("page-glob = [\"[{escaped}\"]\n"),
    ] {
        project.write("inhouse.toml", config);
        every_format(&project, "scan");
    }
}

// The lockfile.

fn lock_block(number: usize, path: &str) -> String {
    format!(
        "\n[[script]]\nurl = \"https://{HOST}/1.0.0/{number}.js\"\npath = \"{path}\"\nsize = 9\n\
         type = \"text/javascript\"\n\
         integrity = \"sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO\"\n\
         proof = \"none\"\nsource = \"cdn\"\n"
    )
}

/// Every command refuses the lockfile, says so shortly, and leaves everything as it was.
fn assert_refused(lock: &[u8]) {
    let (project, _cdn) = with_cdn(script("a.js"));
    project.write("vendor-cache/inhouse.lock", lock);
    // The file that an escaping path would lead to.
    project.write("secret.js", "secret");
    let before = project.snapshot();
    let shown = String::from_utf8_lossy(&lock[..lock.len().min(200)]).into_owned();
    let outcomes = [
        project.vendor(&[]),
        project.vendor(&["--frozen"]),
        project.run(&["check", "public"]),
        project.run(&["scan", "public"]),
    ];
    for outcome in outcomes {
        outcome.assert_code(2).assert_says("inhouse.lock");
        outcome.assert_peak_within(ordinary(), MOST_OF_A_LOCKFILE * 64);
        outcome.assert_within(Duration::from_secs(30));
        assert!(outcome.stderr.len() < 20_000, "{} bytes for {shown}", outcome.stderr.len());
        assert!(project.snapshot() == before, "{shown}");
    }
}

#[test]
fn a_lockfile_whose_paths_lead_out_of_the_folder_is_refused() {
    for path in [
        "../secret.js",
        "../../secret.js",
        "cdn.example/../../secret.js",
        "/etc/passwd",
        "C:/Windows/a.js",
        "cdn.example\\\\..\\\\..\\\\secret.js",
        "cdn.example/\\u0000.js",
        "cdn.example/.git/hooks/pre-commit",
        ".git/config",
        "cdn.example/con.js",
        "cdn.example/a.js/",
        "cdn.example//a.js",
        "secret.js",
        "inhouse.lock",
    ] {
        assert_refused(format!("version = 1\n{}", lock_block(0, path)).as_bytes());
    }
    let long = format!("cdn.example/{}.js", "x".repeat(1 << 20));
    assert_refused(format!("version = 1\n{}", lock_block(0, &long)).as_bytes());
}

#[test]
fn a_lockfile_with_other_nonsense_is_refused() {
    let good = format!("version = 1\n{}", lock_block(0, "cdn.example/a.js"));
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to).into_bytes()
    };
    let deep = size(100_000, 2_000_000);
    for lock in [
        replaced("sha384-H8BR", "sha384-"),
        replaced("sha384-H8BR", "md5-H8BR"),
        replaced("sha384-H8BR", "sha512-H8BR"),
        replaced("\"sha384-H8BR", &format!("\"{} sha384-H8BR", "x".repeat(1 << 20))),
        replaced("size = 9", "size = -1"),
        replaced("size = 9", "size = 99999999999999999999"),
        replaced("https://", "javascript://"),
        replaced("https://", "file://"),
        replaced("version = 1", "version = 3"),
        replaced("version = 1", ""),
        replaced("proof = \"none\"", "proof = \"yes\""),
        replaced("source = \"cdn\"", "run = \"rm -rf\""),
        format!("{good}{}", lock_block(0, "cdn.example/b.js")).into_bytes(),
        format!("{good}{}", lock_block(1, "cdn.example/A.js")).into_bytes(),
        format!("{good}{}", lock_block(1, "cdn.example/a.js/b.js")).into_bytes(),
        format!("version = 1\nx = {}", "[".repeat(deep)).into_bytes(),
        format!("version = 1\nx = {}1", "{a=".repeat(deep)).into_bytes(),
        format!("version = 1\n{} = 1", vec!["a"; deep].join(".")).into_bytes(),
        format!("version = 1\n[{}]", vec!["a"; deep].join(".")).into_bytes(),
        b"\xff\xfe\0\0".to_vec(),
        vec![0; 1 << 20],
        b"[[script]]\n".repeat(deep),
    ] {
        assert_refused(&lock);
    }
}

#[test]
fn a_very_long_lockfile_is_read_in_time() {
    let count = size(5_000, 13_000);
    let mut lock = "version = 1\n".to_owned();
    for number in 0..count {
        lock += &lock_block(number, &format!("{HOST}/1.0.0/{number}.js"));
    }
    let (project, _cdn) = with_cdn(script("a.js"));
    project.write("vendor-cache/inhouse.lock", &lock);
    let outcome = project.vendor(&[]);
    outcome.assert_code(0).assert_within(Duration::from_secs(60));
    outcome.assert_peak_within(ordinary(), (count as u64) << 14);

    assert_refused(&vec![b'#'; size(5, 100) << 20]);
}
