//! esm.sh: `/name@range` is a stub, which exports all of `/name@1.2.3/es2022/name.mjs` and says so
//! in `X-ESM-Path`; in there bare specifiers are absolute paths, mostly with ranges.
//!
//! The query changes what is built, so it is handed down and becomes part of the inner path:
//! `?deps=dep@1.0.0` fixes a version, `?external=dep` leaves a specifier bare, `&dev` makes the
//! development build; `/*name` leaves all dependencies bare. Parameters may stand in the path
//! (`/name@1&dev/sub`), so that an import map's prefix can have them. A package's inner files are
//! modules of their own, and its style sheets are modules with `?module`.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{
    Answer, Asked, Bare, Library, Package, Request, bare_names, for_a_while, forever, library,
    relative_path, respell, script, stub,
};

pub fn answer(library: &Library, request: &Request) -> Option<Answer> {
    let path = request.path().strip_prefix('/')?;
    let (all_external, path) = match path.strip_prefix('*') {
        Some(path) => (true, path),
        None => (false, path),
    };
    let mut asked = Asked::parse(path)?;
    let mut build = Build { all_external, ..Build::default() };
    if let Some((range, parameters)) = asked.range.clone().split_once('&') {
        build.read(parameters);
        asked.range = range.to_owned();
    }
    build.read(request.target.split_once('?').map_or("", |(_, query)| query));
    let package = library.newest(&asked.name, &asked.range)?;
    if asked.rest.ends_with(".css") {
        return Some(forever(style(package, &asked.rest)?));
    }
    if let Some(inner) = Inner::parse(&asked.rest) {
        return Some(forever(module(package, &inner)?));
    }
    let file = library::entry(package, &asked.rest)?;
    let code = package.get(&file)?;
    let path = build.path(package, &file);
    let imports: Vec<_> =
        bare_names(code).iter().filter_map(|bare| build.dependency(package, bare)).collect();
    let banner = format!("/* esm.sh - {}@{} */", package.name(), package.version());
    Some(for_a_while(stub(&banner, &imports, &path, code)).header("x-esm-path", &path))
}

/// What the parameters of a request ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Build {
    deps: BTreeMap<String, String>,
    external: Vec<String>,
    all_external: bool,
    dev: bool,
}

impl Build {
    fn read(&mut self, query: &str) {
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let list = value.split(',').map(str::to_owned);
            match &*name {
                "deps" => {
                    let deps = list.filter_map(|dep| Asked::parse(&dep));
                    self.deps.extend(deps.map(|dep| (dep.name, dep.range)));
                }
                "external" => self.external.extend(list),
                "dev" => self.dev = true,
                _ => {}
            }
        }
    }

    /// The parameters as a dependency's query has them.
    fn query(&self) -> String {
        let mut parts = Vec::new();
        if !self.deps.is_empty() {
            let deps: Vec<_> = self.deps.iter().map(|(n, v)| format!("{n}@{v}")).collect();
            parts.push(format!("deps={}", deps.join(",")));
        }
        if !self.external.is_empty() {
            parts.push(format!("external={}", self.external.join(",")));
        }
        parts.extend(self.dev.then(|| "dev".to_owned()));
        parts.push("target=es2022".to_owned());
        parts.join("&")
    }

    /// `X-…/`, or nothing where nothing special is asked for.
    fn segment(&self) -> String {
        if *self == (Self { dev: self.dev, ..Self::default() }) {
            return String::new();
        }
        let star = if self.all_external { "*" } else { "" };
        format!("X-{}/", BASE64_URL_SAFE_NO_PAD.encode(format!("{star}{}", self.query())))
    }

    fn from_segment(segment: &str) -> Option<Self> {
        let text = BASE64_URL_SAFE_NO_PAD.decode(segment.strip_prefix("X-")?).ok()?;
        let text = String::from_utf8(text).ok()?;
        let mut build = Self { all_external: text.starts_with('*'), ..Self::default() };
        build.read(text.trim_start_matches('*'));
        Some(build)
    }

    /// The inner path of a file: `/name@1.2.3/es2022/name.mjs` for the main one.
    fn path(&self, package: &Package, file: &str) -> String {
        let (name, version) = (package.name(), package.version());
        let main = library::entry(package, "").is_some_and(|main| main == file);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let stem = if main { name.rsplit('/').next().unwrap() } else { stem };
        let dev = if self.dev { ".development" } else { "" };
        format!("/{name}@{version}/{}es2022/{stem}{dev}.mjs", self.segment())
    }

    /// What a bare specifier becomes; nothing if it stays.
    fn dependency(&self, package: &Package, bare: &Bare) -> Option<String> {
        if self.all_external || self.external.contains(&bare.name) {
            return None;
        }
        let range = match self.deps.get(&bare.name) {
            Some(version) => version.clone(),
            None => library::wanted(package, &bare.name),
        };
        let range = range.replace(' ', "%20").replace('|', "%7C");
        Some(format!("/{}@{range}{}?{}", bare.name, bare.tail(), self.query()))
    }
}

/// `[X-…/]es2022/file[.development].mjs`
struct Inner {
    build: Build,
    stem: String,
}

impl Inner {
    fn parse(rest: &str) -> Option<Self> {
        let (mut build, rest) = match rest.split_once('/') {
            Some((segment, after)) if segment.starts_with("X-") => {
                (Build::from_segment(segment)?, after)
            }
            _ => (Build::default(), rest),
        };
        let stem = rest.strip_prefix("es2022/")?.strip_suffix(".mjs")?;
        let stem = match stem.strip_suffix(".development") {
            Some(stem) => {
                build.dev = true;
                stem
            }
            None => stem,
        };
        Some(Self { build, stem: stem.to_owned() })
    }

    fn file(&self, package: &Package) -> Option<String> {
        if self.stem == package.name().rsplit('/').next().unwrap() {
            return library::entry(package, "");
        }
        let mut files = ["js", "mjs"].iter().map(|end| format!("{}.{end}", self.stem));
        files.find(|file| package.get(file).is_some())
    }
}

fn module(package: &Package, inner: &Inner) -> Option<Answer> {
    let file = inner.file(package)?;
    let code = respell(package.get(&file)?, |specifier| {
        if let Some(path) = relative_path(&file, specifier) {
            if path.ends_with(".css") {
                return Some(format!("/{}@{}/{path}?module", package.name(), package.version()));
            }
            return Some(inner.build.path(package, &library::entry(package, &path)?));
        }
        inner.build.dependency(package, &Bare::parse(specifier)?)
    });
    let mut body = format!("/* esm.sh - {}@{} */\n", package.name(), package.version());
    if inner.build.dev {
        body.push_str("/* development build */\n");
    }
    let mut body = body.into_bytes();
    body.extend(code);
    Some(script(body))
}

/// A style sheet as a module that adds it to the page.
fn style(package: &Package, path: &str) -> Option<Answer> {
    let css = serde_json::to_string(&String::from_utf8_lossy(package.get(path)?)).unwrap();
    Some(script(format!(
        "const sheet = new CSSStyleSheet();\nsheet.replaceSync({css});\n\
         document.adoptedStyleSheets.push(sheet);\nexport default sheet;\n"
    )))
}
