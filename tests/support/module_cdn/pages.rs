//! Small packages and a page for each form in which CDNs serve them.
//!
//! All pages do the same job: they put the word [`READY`] into `data-ready` of `<html>`, made of what
//! modules of four packages export, one of them lazily, two of them in a circle, and only if the
//! page ended up with a single instance of the package that all share.

use serde_json::json;

use super::{Library, Package, import_maps};

/// What a page shows when all of its modules have run.
pub const READY: &str = "tiny+dep-1.4.0+sub+kit+lazy+1";

/// A page that imports from a CDN.
pub struct Form {
    /// The form, as a sentence names it.
    pub name: &'static str,
    /// The page.
    pub html: String,
    /// The hosts it loads from.
    pub hosts: &'static [&'static str],
    /// Some of what is asked for, `host/path?query` with percent signs decoded: what only this form has.
    pub peculiar: &'static [&'static str],
}

/// The packages.
pub fn library() -> Library {
    let dep = |version: &str| {
        let code = format!(
            "let count = 0;\nexport const enter = () => ++count;\nexport const version = 'dep-{version}';\nexport default version;\n"
        );
        Package::new("dep", version)
            .field("type", json!("module"))
            .field("exports", json!({ ".": "./dep.js", "./sub": "./lib/sub.js" }))
            .file("dep.js", code)
            .file(
                "lib/sub.js",
                "import { enter } from '../dep.js';\nexport const sub = () => (enter(), 'sub');\n",
            )
    };
    let tiny = Package::new("tiny", "1.2.3")
        .field("module", json!("./dist/tiny.js"))
        .field("jsdelivr", json!("./dist/tiny.js"))
        .field("unpkg", json!("./dist/tiny.js"))
        .field("dependencies", json!({ "dep": "^1.0.0", "@scope/kit": "0.3.1" }))
        .file("dist/tiny.js", TINY)
        .file("dist/lib/names.js", "export const name = \"tiny\";\n")
        .file(
            "dist/lib/lazy.js",
            "export { kit as default } from \"@scope/kit\";\nexport * from \"./names.js\";\n",
        );
    let kit = Package::new("@scope/kit", "0.3.1")
        .field("module", json!("index.js"))
        .field("peerDependencies", json!({ "dep": ">=1.0.0 <2 || ^1.4.0" }))
        .file("index.js", "import {enter} from'dep';export{kit}from'./lib/half.js';export const half=()=>'k';enter();\n")
        .file("lib/half.js", "import*as whole from\"../index.js\";export const kit=()=>whole.half()+'it';\n");
    // Plain: without bare names, so that files can be used as they are.
    let plain = Package::new("plain.js", "2.0.1")
        .file("es/plain.js", PLAIN)
        .file("es/parts/part.js", "export { part as default } from './inner/part.mjs';\n")
        .file(
            "es/parts/inner/part.mjs",
            "import * as plain from '../../plain.js';\nexport const part = () => plain.word;\n",
        )
        .file("es/lazy.js", "export const lazy = 'lazy';\n")
        .field("main", json!("es/plain.js"));
    Library::of([dep("1.0.0"), dep("1.4.0"), dep("2.0.0"), tiny, kit, plain])
}

const TINY: &str = r#"import dep, { enter } from "dep";
import { sub } from "dep/sub";
import { name } from "./lib/names.js";
enter();
export async function words() {
  const { default: kit } = await import("./lib/lazy.js");
  return [name, dep, sub(), kit(), "lazy", enter() - 3];
}
export default words;
"#;

const PLAIN: &str = r#"import part from "./parts/part.js";
export const word = "plain";
export const words = async () =>
  [part(), (await import("./lazy.js")).lazy];
"#;

/// What the page of a raw form shows.
pub const PLAIN_READY: &str = "plain+lazy";

fn page(head: &str, import: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<link rel=\"icon\" href=\"data:,\">\n<title>Modules</title>\n{head}<script type=\"module\">\nimport {{ words }} from \"{import}\";\nconst list = await words();\ndocument.documentElement.dataset.ready = list.join(\"+\");\n</script>\n<p>A page.\n"
    )
}

fn map(json: &serde_json::Value) -> String {
    format!("<script type=\"importmap\">\n{json:#}\n</script>\n")
}

impl Form {
    /// What its page shows when all of its modules have run.
    pub fn ready(&self) -> &'static str {
        if self.name.contains("plain") { PLAIN_READY } else { READY }
    }

    /// What its page shows before it is vendored. Browsers know modules by the URL they asked for:
    /// two that redirect to one file are two instances, until that file is the only one there is.
    pub fn ready_before(&self) -> String {
        match self.name {
            "unpkg, ?module" => READY.replace("+1", "+-1"),
            _ => self.ready().to_owned(),
        }
    }

    /// The form of that name.
    pub fn named(name: &str) -> Self {
        all().into_iter().find(|form| form.name == name).expect("a form of that name")
    }
}

/// Every form.
pub fn all() -> Vec<Form> {
    let form = |name, html, hosts, peculiar| Form { name, html, hosts, peculiar };
    let jsdelivr: &[_] = &["cdn.jsdelivr.net"];
    let esm_sh: &[_] = &["esm.sh"];
    vec![
        form(
            "jsDelivr, plain file",
            page("", "https://cdn.jsdelivr.net/npm/plain.js@2.0.1/es/plain.js"),
            jsdelivr,
            &["cdn.jsdelivr.net/npm/plain.js@2.0.1/es/parts/inner/part.mjs"],
        ),
        form(
            "jsDelivr, plain file of a floating version",
            page("", "https://cdn.jsdelivr.net/npm/plain.js@2/es/plain.js"),
            jsdelivr,
            &["cdn.jsdelivr.net/npm/plain.js@2/es/lazy.js"],
        ),
        form(
            "jsDelivr, +esm",
            page("", "https://cdn.jsdelivr.net/npm/tiny@1/+esm"),
            jsdelivr,
            &[
                "cdn.jsdelivr.net/npm/dep@1.4.0/+esm",
                "cdn.jsdelivr.net/npm/dep@1.4.0/sub/+esm",
                "cdn.jsdelivr.net/npm/@scope/kit@0.3.1/+esm",
            ],
        ),
        form(
            "jsDelivr, import map",
            page(
                &map(&json!({ "imports": {
                    "tiny": "https://cdn.jsdelivr.net/npm/tiny@1.2.3/dist/tiny.js",
                    "dep": "https://cdn.jsdelivr.net/npm/dep@1.4.0/dep.js",
                    "dep/sub": "https://cdn.jsdelivr.net/npm/dep@1.4.0/lib/sub.js",
                    "@scope/kit": "https://cdn.jsdelivr.net/npm/@scope/kit@0.3.1/index.js",
                } })),
                "tiny",
            ),
            jsdelivr,
            &["cdn.jsdelivr.net/npm/dep@1.4.0/lib/sub.js"],
        ),
        form(
            "jsDelivr, import map with prefixes, plain",
            page(
                &map(&json!({ "imports": {
                    "plain/": "https://cdn.jsdelivr.net/npm/plain.js@2.0.1/es/",
                } })),
                "plain/plain.js",
            ),
            jsdelivr,
            &["cdn.jsdelivr.net/npm/plain.js@2.0.1/es/lazy.js"],
        ),
        form(
            "unpkg, plain file by redirect",
            page("", "https://unpkg.com/plain.js@^2"),
            &["unpkg.com"],
            &["unpkg.com/plain.js@2.0.1/es/plain.js"],
        ),
        form(
            "unpkg, ?module",
            page("", "https://unpkg.com/tiny?module"),
            &["unpkg.com"],
            &["unpkg.com/dep@^1.0.0?module", "unpkg.com/tiny@1.2.3/dist/lib/names.js?module"],
        ),
        form(
            "esm.sh",
            page("", "https://esm.sh/tiny@^1"),
            esm_sh,
            &[
                "esm.sh/tiny@1.2.3/es2022/tiny.mjs",
                "esm.sh/dep@^1.0.0?target=es2022",
                "esm.sh/dep@^1.0.0/sub?target=es2022",
                "esm.sh/dep@>=1.0.0 <2 || ^1.4.0?target=es2022",
            ],
        ),
        form(
            "esm.sh, ?deps",
            page("", "https://esm.sh/tiny@1.2.3?deps=dep@1.4.0,@scope/kit@0.3.1"),
            esm_sh,
            &["esm.sh/dep@1.4.0/sub?deps=@scope/kit@0.3.1,dep@1.4.0&target=es2022"],
        ),
        form(
            "esm.sh, ?external",
            page(
                &map(&json!({ "imports": {
                    "tiny": "https://esm.sh/tiny@1.2.3?external=dep",
                    "dep": "https://esm.sh/dep@1",
                    "dep/": "https://esm.sh/dep@1/",
                } })),
                "tiny",
            ),
            esm_sh,
            &["esm.sh/dep@1", "esm.sh/dep@1/sub"],
        ),
        form(
            "esm.sh, all external",
            page(
                &map(&json!({ "imports": {
                    "tiny": "https://esm.sh/*tiny@1.2.3",
                    "@scope/kit": "https://esm.sh/*@scope/kit@0.3.1",
                    "dep": "https://esm.sh/*dep@1",
                    "dep/": "https://esm.sh/*dep@1/",
                } })),
                "tiny",
            ),
            esm_sh,
            &["esm.sh/*@scope/kit@0.3.1", "esm.sh/*dep@1/sub"],
        ),
        form(
            "esm.sh, &dev",
            page(
                &map(&json!({ "imports": {
                    "tiny": "https://esm.sh/tiny@1.2.3&dev",
                    "tiny/": "https://esm.sh/tiny@1.2.3&dev/",
                } })),
                "tiny/dist/tiny.js",
            ),
            esm_sh,
            &["esm.sh/dep@^1.0.0?dev&target=es2022", "esm.sh/dep@1.4.0/es2022/dep.development.mjs"],
        ),
        form(
            "jspm, import map with a scope",
            page(&map(&import_maps::jspm(&library(), &["tiny"])), "tiny"),
            &["ga.jspm.io"],
            &["ga.jspm.io/npm:@scope/kit@0.3.1/index.js", "ga.jspm.io/npm:dep@1.4.0/lib/sub.js"],
        ),
        form(
            "jspm, absolute paths",
            page("", "https://jspm.dev/npm:tiny@1"),
            &["jspm.dev"],
            &["jspm.dev/npm:tiny@1.2.3/dist/tiny.js", "jspm.dev/npm:dep@1.4.0/lib/sub.js"],
        ),
        form(
            "Skypack",
            page("", "https://cdn.skypack.dev/tiny@^1.0.0"),
            &["cdn.skypack.dev"],
            &["cdn.skypack.dev/tiny@^1.0.0"],
        ),
        form(
            "cdnjs, plain file",
            page("", "https://cdnjs.cloudflare.com/ajax/libs/plain.js/2.0.1/plain.js"),
            &["cdnjs.cloudflare.com"],
            &["cdnjs.cloudflare.com/ajax/libs/plain.js/2.0.1/parts/part.js"],
        ),
        form(
            "several CDNs at once",
            page(
                &(map(&json!({
                    "imports": {
                        "tiny": "https://unpkg.com/tiny@1.2.3/dist/tiny.js",
                        "dep": "https://esm.sh/dep@1",
                        "dep/": "https://esm.sh/dep@1/",
                    },
                    "scopes": { "https://unpkg.com/tiny@1.2.3/": {
                        "@scope/kit": "https://cdn.jsdelivr.net/npm/@scope/kit@0.3.1/index.js",
                    } },
                })) + "<link rel=\"modulepreload\" href=\"https://esm.sh/dep@1\">\n"),
                "tiny",
            ),
            &["unpkg.com", "esm.sh", "cdn.jsdelivr.net"],
            &[
                "unpkg.com/tiny@1.2.3/dist/lib/lazy.js",
                "cdn.jsdelivr.net/npm/@scope/kit@0.3.1/lib/half.js",
            ],
        ),
    ]
}
