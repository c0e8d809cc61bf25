//! [`Loads`] as rows for the lockfile: a small table for each load, made to be read and merged by
//! people.
//!
//! A row says how something is loaded, and what: `{ import = "./chunk.js", line = 3 }`. Loads whose
//! address the script computes have the key `computed`, signs of more loads the keys `names`,
//! `own-address` and `by-own-address`. Rows come by line, and within a line in their order. Reading
//! is strict: a key that means nothing where it stands is an error.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::Error as _,
    ser::{SerializeMap, SerializeSeq},
};
use thiserror::Error;

use super::{
    loads::{
        Computed, Form, Loads, ModuleType, OwnAddress, Phase, Purpose, Sign, SignKind, Specifier,
        WorkerType,
    },
    url_in_string::UrlInString,
};

const COMPUTED: &str = "computed";
const NAMES: &str = "names";
const OWN_ADDRESS: &str = "own-address";
const BY_OWN_ADDRESS: &str = "by-own-address";

/// Why a row says nothing that could be understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
enum RowError {
    #[error("a load has one key that says how it is loaded, such as `import`; this one has {0}")]
    Subjects(usize),
    #[error("the load `{0}` has no `line`")]
    NoLine(String),
    #[error("`{key}` has no value that it could have in a load")]
    Value { key: &'static str },
    #[error("unknown key `{key}` in the load `{load}`")]
    UnknownKey { key: String, load: String },
}

/// The values of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Line(usize),
    Flag(bool),
}

/// A row as it is written, in the order of its keys.
struct Row(Vec<(&'static str, Value)>);

/// A row as it was read; what is understood is taken out.
#[derive(Deserialize)]
#[serde(transparent)]
struct Unread(BTreeMap<String, Value>);

impl Loads {
    /// The key-value pairs of each row, as TOML.
    pub fn to_toml_rows(&self) -> Vec<String> {
        self.rows().iter().map(Row::to_toml).collect()
    }

    /// Every row, by line.
    fn rows(&self) -> Vec<Row> {
        let mut specifiers = self.specifiers.iter().peekable();
        let mut computed = self.computed.iter().peekable();
        let mut signs = self.signs.iter().peekable();
        let mut rows = Vec::new();
        loop {
            let lines = [
                specifiers.peek().map(|specifier| specifier.line),
                computed.peek().map(|computed| computed.line),
                signs.peek().map(|sign| sign.line),
            ];
            let Some(first) = lines.into_iter().flatten().min() else { return rows };
            rows.extend(match lines.iter().position(|line| *line == Some(first)) {
                Some(0) => specifiers.next().map(Row::of_specifier),
                Some(1) => computed.next().map(Row::of_computed),
                _ => signs.next().map(Row::of_sign),
            });
        }
    }

    fn add(&mut self, mut row: Unread) -> Result<(), RowError> {
        let (subject, what) = row.subject()?;
        let line = row.line().ok_or_else(|| RowError::NoLine(subject.clone()))?;
        match subject.as_str() {
            COMPUTED => self.computed.push(Computed { form: row.form(COMPUTED, &what)?, line }),
            NAMES | OWN_ADDRESS | BY_OWN_ADDRESS => {
                self.signs.push(Sign { kind: row.sign(&subject, &what)?, line })
            }
            form => {
                let form = row.form("type", form)?;
                let (module_type, phase) = row.import(form)?;
                self.specifiers.push(Specifier { text: what, line, form, module_type, phase });
            }
        }
        row.finish(subject)
    }
}

impl Serialize for Loads {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.rows();
        let mut list = serializer.serialize_seq(Some(rows.len()))?;
        rows.iter().try_for_each(|row| list.serialize_element(row))?;
        list.end()
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Loads {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut loads = Self::default();
        for row in Vec::<Unread>::deserialize(deserializer)? {
            loads.add(row).map_err(D::Error::custom)?;
        }
        Ok(loads)
    }
}

impl Row {
    fn of_specifier(specifier: &Specifier) -> Self {
        let Specifier { text, line, form, module_type, phase } = specifier;
        let row = Self(vec![(name_of(*form), Value::Text(text.clone()))]);
        row.module_type(module_type).worker_type(*form).phase(*phase).line(*line)
    }

    fn of_computed(Computed { form, line }: &Computed) -> Self {
        let row = Self(vec![(COMPUTED, Value::Text(name_of(*form).to_owned()))]);
        row.worker_type(*form).line(*line)
    }

    fn of_sign(Sign { kind, line }: &Sign) -> Self {
        let (key, text, continues) = match kind {
            SignKind::Url(url) => (NAMES, url.text(), url.continues()),
            SignKind::OwnAddress(own) => (OWN_ADDRESS, name_of_own_address(*own), false),
            SignKind::LoadByOwnAddress(own) => (BY_OWN_ADDRESS, name_of_own_address(*own), false),
        };
        Self(vec![(key, Value::Text(text.to_owned()))]).flag("continues", continues).line(*line)
    }

    fn module_type(self, r#type: &ModuleType) -> Self {
        let row = self.flag("computed-type", *r#type == ModuleType::Unknown);
        match r#type {
            ModuleType::JavaScriptOrWasm | ModuleType::Unknown => row,
            ModuleType::Json => row.text("type", "json"),
            ModuleType::Css => row.text("type", "css"),
            ModuleType::Other(other) => row.text("type", other),
        }
    }

    fn worker_type(self, form: Form) -> Self {
        match worker_type_of(form) {
            None | Some(WorkerType::Classic) => self,
            Some(WorkerType::Module) => self.text("type", "module"),
            Some(WorkerType::Unknown) => self.flag("computed-type", true),
        }
    }

    fn phase(self, phase: Phase) -> Self {
        match phase {
            Phase::Evaluation => self,
            Phase::Defer => self.text("phase", "defer"),
            Phase::Source => self.text("phase", "source"),
        }
    }

    fn text(mut self, key: &'static str, text: &str) -> Self {
        self.0.push((key, Value::Text(text.to_owned())));
        self
    }

    fn flag(mut self, key: &'static str, is_set: bool) -> Self {
        self.0.extend(is_set.then_some((key, Value::Flag(true))));
        self
    }

    fn line(mut self, line: usize) -> Self {
        self.0.push(("line", Value::Line(line)));
        self
    }

    fn to_toml(&self) -> String {
        let pairs: Vec<_> =
            self.0.iter().map(|(key, value)| format!("{key} = {}", value.to_toml())).collect();
        pairs.join(", ")
    }
}

impl Value {
    fn to_toml(&self) -> String {
        match self {
            // JSON's escapes are TOML's, but for DEL.
            Self::Text(text) => {
                serde_json::Value::from(text.as_str()).to_string().replace('\u{7f}', "\\u007F")
            }
            Self::Line(line) => line.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

impl Unread {
    /// The key that says how something is loaded, and what it says.
    fn subject(&mut self) -> Result<(String, String), RowError> {
        let is_subject = |key: &str| {
            [COMPUTED, NAMES, OWN_ADDRESS, BY_OWN_ADDRESS].contains(&key)
                || form_named(key, WorkerType::Classic).is_some()
        };
        let subjects: Vec<_> = self.0.keys().filter(|key| is_subject(key)).cloned().collect();
        match subjects.as_slice() {
            [subject] => match self.0.remove(subject) {
                Some(Value::Text(text)) => Ok((subject.clone(), text)),
                _ => Err(RowError::Subjects(0)),
            },
            subjects => Err(RowError::Subjects(subjects.len())),
        }
    }

    fn line(&mut self) -> Option<usize> {
        match self.0.remove("line") {
            Some(Value::Line(line)) => Some(line),
            _ => None,
        }
    }

    /// The text of a key, if it is there.
    fn text(&mut self, key: &'static str) -> Result<Option<String>, RowError> {
        match self.0.remove(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(RowError::Value { key }),
        }
    }

    /// Whether a flag is there; one that is not set is not written.
    fn flag(&mut self, key: &'static str) -> Result<bool, RowError> {
        match self.0.remove(key) {
            None => Ok(false),
            Some(Value::Flag(true)) => Ok(true),
            Some(_) => Err(RowError::Value { key }),
        }
    }

    /// The form with this name, with the worker's type if it starts one.
    fn form(&mut self, key: &'static str, name: &str) -> Result<Form, RowError> {
        let form = form_named(name, WorkerType::Classic).ok_or(RowError::Value { key })?;
        if worker_type_of(form).is_none() {
            return Ok(form);
        }
        let r#type = match (self.text("type")?.as_deref(), self.flag("computed-type")?) {
            (None, false) => WorkerType::Classic,
            (Some("module"), false) => WorkerType::Module,
            (None, true) => WorkerType::Unknown,
            _ => return Err(RowError::Value { key: "type" }),
        };
        form_named(name, r#type).ok_or(RowError::Value { key })
    }

    /// What else imports say.
    fn import(&mut self, form: Form) -> Result<(ModuleType, Phase), RowError> {
        let (Form::StaticImport | Form::ExportFrom | Form::DynamicImport) = form else {
            return Ok((ModuleType::default(), Phase::default()));
        };
        let r#type = match (self.text("type")?, self.flag("computed-type")?) {
            (None, false) => ModuleType::default(),
            (Some(name), false) => ModuleType::named(&name),
            (None, true) => ModuleType::Unknown,
            (Some(_), true) => return Err(RowError::Value { key: "computed-type" }),
        };
        let phase = match self.text("phase")?.as_deref() {
            None => Phase::Evaluation,
            Some("defer") => Phase::Defer,
            Some("source") => Phase::Source,
            Some(_) => return Err(RowError::Value { key: "phase" }),
        };
        Ok((r#type, phase))
    }

    fn sign(&mut self, subject: &str, what: &str) -> Result<SignKind, RowError> {
        if subject == NAMES {
            let url = UrlInString::new(what, self.flag("continues")?);
            return url.map(SignKind::Url).ok_or(RowError::Value { key: NAMES });
        }
        let own = OWN_ADDRESSES.into_iter().find(|own| name_of_own_address(*own) == what);
        match subject {
            BY_OWN_ADDRESS => {
                own.map(SignKind::LoadByOwnAddress).ok_or(RowError::Value { key: BY_OWN_ADDRESS })
            }
            _ => own.map(SignKind::OwnAddress).ok_or(RowError::Value { key: OWN_ADDRESS }),
        }
    }

    /// Everything must have been understood.
    fn finish(self, load: String) -> Result<(), RowError> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(key) => Err(RowError::UnknownKey { key, load }),
        }
    }
}

fn name_of(form: Form) -> &'static str {
    match form {
        Form::StaticImport => "import",
        Form::ExportFrom => "export-from",
        Form::DynamicImport => "dynamic-import",
        Form::ImportMetaResolve => "import-meta-resolve",
        Form::NewUrl(Purpose::Unknown) => "url",
        Form::NewUrl(Purpose::Worker(_)) => "worker-url",
        Form::Worker(_) => "worker",
        Form::SharedWorker(_) => "shared-worker",
        Form::Worklet => "worklet",
        Form::ImportScripts => "import-scripts",
    }
}

fn form_named(name: &str, r#type: WorkerType) -> Option<Form> {
    Some(match name {
        "import" => Form::StaticImport,
        "export-from" => Form::ExportFrom,
        "dynamic-import" => Form::DynamicImport,
        "import-meta-resolve" => Form::ImportMetaResolve,
        "url" => Form::NewUrl(Purpose::Unknown),
        "worker-url" => Form::NewUrl(Purpose::Worker(r#type)),
        "worker" => Form::Worker(r#type),
        "shared-worker" => Form::SharedWorker(r#type),
        "worklet" => Form::Worklet,
        "import-scripts" => Form::ImportScripts,
        _ => return None,
    })
}

fn worker_type_of(form: Form) -> Option<WorkerType> {
    match form {
        Form::NewUrl(Purpose::Worker(r#type))
        | Form::Worker(r#type)
        | Form::SharedWorker(r#type) => Some(r#type),
        _ => None,
    }
}

const OWN_ADDRESSES: [OwnAddress; 6] = [
    OwnAddress::CurrentScript,
    OwnAddress::ScriptElements,
    OwnAddress::ImportMetaUrl,
    OwnAddress::OwnFolder,
    OwnAddress::WorkerLocation,
    OwnAddress::ErrorStack,
];

fn name_of_own_address(own: OwnAddress) -> &'static str {
    match own {
        OwnAddress::CurrentScript => "current-script",
        OwnAddress::ScriptElements => "script-elements",
        OwnAddress::ImportMetaUrl => "import-meta-url",
        OwnAddress::OwnFolder => "own-folder",
        OwnAddress::WorkerLocation => "worker-location",
        OwnAddress::ErrorStack => "error-stack",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Block {
        loads: Loads,
    }

    fn read(rows: &str) -> Result<Loads, String> {
        let block: Result<Block, _> = toml::from_str(&format!("loads = [{rows}]"));
        block.map(|block| block.loads).map_err(|error| error.to_string())
    }

    fn scanned(source: &str) -> Loads {
        crate::js::scan(source.as_bytes(), crate::js::SourceKind::Module).unwrap().loads
    }

    /// The rows as a TOML array.
    fn to_toml(loads: &Loads) -> String {
        let rows: String =
            loads.to_toml_rows().iter().map(|row| format!("  {{ {row} }},\n")).collect();
        if rows.is_empty() { "[]".to_owned() } else { format!("[\n{rows}]") }
    }

    #[test]
    fn rows_read_like_code() {
        let loads = scanned(
            r#"import './chunk.js'; export * from "./all.js";
import data from './data.json' with { type: 'json' };
new Worker(new URL('./w.js', import.meta.url), { type: 'module' }); new Worker('/w.js', options);
import(name); import defer * as later from './later.js';
const font = 'https://cdn.example/font.woff2', next = `https://cdn.example/v${v}`;
document.currentScript; import('./x.js', options); new SharedWorker(`${name}.js`)
fetch(import.meta.url + '/../x.json')"#,
        );
        assert_eq!(
            to_toml(&loads),
            r#"[
  { import = "./chunk.js", line = 1 },
  { export-from = "./all.js", line = 1 },
  { import = "./data.json", type = "json", line = 2 },
  { worker-url = "./w.js", type = "module", line = 3 },
  { worker = "/w.js", computed-type = true, line = 3 },
  { import = "./later.js", phase = "defer", line = 4 },
  { computed = "dynamic-import", line = 4 },
  { names = "https://cdn.example/font.woff2", line = 5 },
  { names = "https://cdn.example/v", continues = true, line = 5 },
  { dynamic-import = "./x.js", computed-type = true, line = 6 },
  { computed = "shared-worker", line = 6 },
  { own-address = "current-script", line = 6 },
  { by-own-address = "import-meta-url", line = 7 },
  { own-address = "import-meta-url", line = 7 },
]"#
        );
        assert_eq!(read(to_toml(&loads).trim_matches(['[', ']'])).unwrap(), loads);
    }

    #[test]
    fn what_loads_nothing_has_no_rows() {
        assert_eq!(to_toml(&Loads::default()), "[]");
        assert_eq!(read("").unwrap(), Loads::default());
    }

    #[test]
    fn rows_that_say_something_else_are_errors() {
        for (row, why) in [
            (r#"{ import = "a", line = 1, colour = "red" }"#, "unknown key `colour`"),
            (r#"{ import = "a", continues = true, line = 1 }"#, "unknown key `continues`"),
            (r#"{ worker = "a", phase = "defer", line = 1 }"#, "unknown key `phase`"),
            (r#"{ worklet = "a", type = "module", line = 1 }"#, "unknown key `type`"),
            (r#"{ computed = "import", type = "json", line = 1 }"#, "unknown key `type`"),
            (r#"{ import = "a" }"#, "no `line`"),
            (r#"{ import = "a", line = -1 }"#, ""),
            (r#"{ line = 1 }"#, "this one has 0"),
            (r#"{ import = "a", worker = "b", line = 1 }"#, "this one has 2"),
            (r#"{ import = true, line = 1 }"#, ""),
            (r#"{ computed = "magic", line = 1 }"#, "`computed` has no value"),
            (r#"{ own-address = "here", line = 1 }"#, "`own-address` has no value"),
            (r#"{ names = "no url", line = 1 }"#, "`names` has no value"),
            (r#"{ worker = "a", type = "classic", line = 1 }"#, "`type` has no value"),
            (r#"{ import = "a", phase = "late", line = 1 }"#, "`phase` has no value"),
            (r#"{ import = "a", computed-type = false, line = 1 }"#, "`computed-type` has no"),
        ] {
            let error = read(row).unwrap_err();
            assert!(error.contains(why), "{row}: {error}");
        }
    }

    fn specifier() -> impl Strategy<Value = Specifier> {
        let module_type = prop_oneof![
            Just(ModuleType::JavaScriptOrWasm),
            Just(ModuleType::Json),
            Just(ModuleType::Css),
            Just(ModuleType::Unknown),
            "[a-i]{0,3}|module|\\PC".prop_map(ModuleType::Other),
        ];
        let phase = prop::sample::select(vec![Phase::Evaluation, Phase::Defer, Phase::Source]);
        ("\\PC{0,9}|[\0-\u{7f}]{0,9}", 1_usize..9, form(), module_type, phase).prop_map(
            |(text, line, form, module_type, phase)| match form {
                Form::StaticImport | Form::ExportFrom | Form::DynamicImport => {
                    Specifier { text, line, form, module_type, phase }
                }
                _ => {
                    let (module_type, phase) = (ModuleType::default(), Phase::default());
                    Specifier { text, line, form, module_type, phase }
                }
            },
        )
    }

    fn form() -> impl Strategy<Value = Form> {
        let r#type = prop::sample::select(vec![
            WorkerType::Classic,
            WorkerType::Module,
            WorkerType::Unknown,
        ]);
        let name = prop::sample::select(vec![
            "import",
            "export-from",
            "dynamic-import",
            "import-meta-resolve",
            "url",
            "worker-url",
            "worker",
            "shared-worker",
            "worklet",
            "import-scripts",
        ]);
        (name, r#type).prop_map(|(name, r#type)| form_named(name, r#type).unwrap())
    }

    fn sign() -> impl Strategy<Value = Sign> {
        let text = "(https?:)?//[a-c]\\.example(/[a-z\u{e9}./@=]{0,6})?";
        let url = (text, any::<bool>()).prop_filter_map("not taken for a URL", |(text, more)| {
            UrlInString::new(&text, more).map(SignKind::Url)
        });
        let own = prop::sample::select(OWN_ADDRESSES.to_vec());
        let read = own.clone().prop_map(SignKind::OwnAddress);
        let loads = own.prop_map(SignKind::LoadByOwnAddress);
        (prop_oneof![url, read, loads], 1_usize..9).prop_map(|(kind, line)| Sign { kind, line })
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(
            specifiers in prop::collection::vec(specifier(), 0..6),
            computed in prop::collection::vec((form(), 1_usize..9), 0..4),
            signs in prop::collection::vec(sign(), 0..4),
        ) {
            let computed =
                computed.into_iter().map(|(form, line)| Computed { form, line }).collect();
            let loads = Loads { specifiers, computed, signs };
            let text = format!("loads = {}", to_toml(&loads));
            let block: Block = toml::from_str(&text).unwrap();
            prop_assert_eq!(&block.loads, &loads);
            let block: Block = toml::from_str(&toml::to_string(&block).unwrap()).unwrap();
            prop_assert_eq!(&block.loads, &loads);
            let json = serde_json::to_string(&loads).unwrap();
            prop_assert_eq!(serde_json::from_str::<Loads>(&json).unwrap(), loads);
        }
    }
}
