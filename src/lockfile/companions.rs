//! One block for all companions that come from one package, key by key.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::toml_string::quoted;
use crate::{integrity::Digest, vendor_path::VendorPath};

/// What stands before a recipe's name in [`Companions::chosen_by`].
pub const CHOSEN_BY_RECIPE: &str = "recipe ";

/// What is known of the companions that lie in one folder of the vendor folder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Companions {
    /// The npm package, `name@1.2.3`, or, under the key `from`, the URL of a CDN's folder.
    #[serde(alias = "from")]
    pub package: String,
    /// The folder below the vendor folder in which they lie.
    #[serde(deserialize_with = "folder")]
    pub folder: String,
    /// The folder of the package that lies there, with its final `/`; empty for its root.
    #[serde(default)]
    pub package_folder: String,
    /// What chose them: `recipe NAME`, `own folder`, `all`, or `files GLOB`.
    pub chosen_by: Vec<String>,
    /// `sha512-…` of the package's tarball, as the registry publishes it; `None` for a CDN's folder.
    pub tarball: Option<String>,
    /// How many there are.
    pub count: usize,
    /// How many bytes are served.
    pub size: u64,
    /// The digest of the list of their paths and digests, as they are served.
    pub integrity: Digest,
    /// The digest of that list for the package's own files, if some are edited.
    pub upstream_integrity: Option<Digest>,
    /// The digest of the list of all files of the package, which lies in the vendor cache.
    pub package_files: Digest,
}

impl Companions {
    /// The digest of the list for the package's own files.
    pub fn upstream(&self) -> &Digest {
        self.upstream_integrity.as_ref().unwrap_or(&self.integrity)
    }

    /// Whether a file of the vendor folder lies in the folder.
    pub fn is_above(&self, path: &str) -> bool {
        path.strip_prefix(&self.folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The block, as TOML.
    pub(super) fn to_toml(&self) -> String {
        let list: Vec<_> = self.chosen_by.iter().map(|text| quoted(text)).collect();
        let digest = |digest: &Digest| quoted(&digest.to_string());
        let package_folder = Some(&self.package_folder).filter(|folder| !folder.is_empty());
        let keys = [
            (if self.tarball.is_some() { "package" } else { "from" }, Some(quoted(&self.package))),
            ("folder", Some(quoted(&self.folder))),
            ("package-folder", package_folder.map(|folder| quoted(folder))),
            ("chosen-by", Some(format!("[{}]", list.join(", ")))),
            ("tarball", self.tarball.as_deref().map(quoted)),
            ("count", Some(self.count.to_string())),
            ("size", Some(self.size.to_string())),
            ("integrity", Some(digest(&self.integrity))),
            ("upstream-integrity", self.upstream_integrity.as_ref().map(digest)),
            ("package-files", Some(digest(&self.package_files))),
        ];
        let lines =
            keys.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}\n", value?)));
        lines.fold("\n[[companions]]\n".to_owned(), |text, line| text + &line)
    }
}

/// A folder in which vendored files can lie.
fn folder<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let folder = String::deserialize(deserializer)?;
    format!("{folder}/file.js").parse::<VendorPath>().map_err(D::Error::custom)?;
    Ok(folder)
}
