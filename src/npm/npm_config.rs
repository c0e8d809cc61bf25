//! Which npm registry to ask, and as whom: what npm itself would answer in this project.
//!
//! The environment's `npm_config_registry` comes first, then the project's, the user's and the
//! global npmrc, and npm's own default last (all but the first through `npmrc-config-rs`). A scope
//! may have a registry of its own. Credentials belong to a registry's address and path (npm's
//! "nerf dart") and are never given for a URL outside of it.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use npmrc_config_rs::{Credentials, LoadOptions, NpmrcConfig, registry as npm};
use thiserror::Error;
use url::{Origin, Url};

use super::package_name::PackageName;

/// npm's configuration, as far as fetching packages needs it.
#[derive(Clone, Debug)]
pub struct NpmConfig {
    npmrc: NpmrcConfig,
    /// The registry of every package whose scope has none.
    default: Url,
}

/// A configuration that names no registry we could ask.
#[derive(Debug, Error)]
pub enum NpmConfigError {
    /// An npmrc file cannot be read.
    #[error("npm's configuration cannot be read")]
    Npmrc(#[from] npmrc_config_rs::Error),
    /// The registry is no http or https URL.
    #[error("`{setting}` in {place} is not the URL of a registry")]
    Registry {
        /// Where it is set.
        place: &'static str,
        /// The setting's name.
        setting: String,
    },
}

const VARIABLES: [&str; 2] = ["npm_config_registry", "NPM_CONFIG_REGISTRY"];

impl NpmConfig {
    /// Reads the environment and the npmrc files that hold for `project_root`.
    ///
    /// # Errors
    /// [`NpmConfigError`] if a file is unreadable or a registry is no URL. A setting we cannot
    /// read is never replaced by npm's default: that would send a private name to the public.
    pub fn load(project_root: &Path) -> Result<Self, NpmConfigError> {
        let variable = VARIABLES.iter().find_map(|name| std::env::var(name).ok());
        let options = LoadOptions { cwd: Some(project_root.to_owned()), ..LoadOptions::default() };
        Self::new(variable.as_deref(), NpmrcConfig::load_with_options(options)?)
    }

    fn new(variable: Option<&str>, npmrc: NpmrcConfig) -> Result<Self, NpmConfigError> {
        let variable = variable.filter(|text| !text.trim().is_empty());
        let default = match (variable, npmrc.get("registry")) {
            (Some(text), _) => registry_url(text, "the environment", VARIABLES[0])?,
            (None, Some(text)) => registry_url(text, "npmrc", "registry")?,
            (None, None) => npmrc.default_registry(),
        };
        Ok(Self { npmrc, default })
    }

    /// The registry of one package.
    ///
    /// # Errors
    /// [`NpmConfigError::Registry`] if its scope's registry is no URL.
    pub fn registry_for(&self, package: &PackageName) -> Result<Url, NpmConfigError> {
        let Some(scope) = npm::extract_scope(package.as_str()) else {
            return Ok(self.default.clone());
        };
        let key = npm::scope_registry_key(scope);
        match self.npmrc.get(&key) {
            Some(text) => registry_url(text, "npmrc", &key),
            None => Ok(self.default.clone()),
        }
    }

    /// Whether `url` is on a registry that the user configured: those hosts may be private and may
    /// speak plain http, whatever holds for the hosts in other people's pages.
    pub fn is_registry_origin(&self, url: &Url) -> bool {
        let origin: Origin = url.origin();
        let scoped = self.npmrc.scoped_registries();
        self.default.origin() == origin || scoped.values().any(|it| it.origin() == origin)
    }

    /// The `Authorization` header for a request to `url` on behalf of `registry`; `None` outside of
    /// the registry's own prefix, or without credentials. Client certificates are not supported.
    pub fn authorization(&self, registry: &Url, url: &Url) -> Option<String> {
        let inside = url.origin() == registry.origin() && url.path().starts_with(registry.path());
        if !inside {
            return None;
        }
        // Like npm, take what is set for the nearest folder above.
        let mut place = registry.clone();
        loop {
            match self.npmrc.credentials_for(&place) {
                Some(Credentials::Token { token, .. }) => return Some(format!("Bearer {token}")),
                Some(Credentials::BasicAuth { username, password, .. }) => {
                    let pair = BASE64_STANDARD.encode(format!("{username}:{password}"));
                    return Some(format!("Basic {pair}"));
                }
                Some(Credentials::LegacyAuth { auth, .. }) => return Some(format!("Basic {auth}")),
                Some(Credentials::ClientCertOnly(_)) | None => place = parent(&place)?,
            }
        }
    }

    /// Where a tarball really is: metadata copied from npm's default registry names that host, and
    /// npm goes to the configured registry instead (its `replace-registry-host` setting).
    pub fn tarball_url(&self, registry: &Url, mut tarball: Url) -> Url {
        let default = Url::parse(npm::DEFAULT_REGISTRY).ok();
        let is_default = default.is_some_and(|default| default.host_str() == tarball.host_str());
        if is_default && tarball.host_str() != registry.host_str() {
            let path = format!("{}{}", registry.path().trim_end_matches('/'), tarball.path());
            let query = tarball.query().map(str::to_owned);
            tarball = registry.clone();
            tarball.set_path(&path);
            tarball.set_query(query.as_deref());
        }
        tarball
    }
}

fn registry_url(text: &str, place: &'static str, setting: &str) -> Result<Url, NpmConfigError> {
    npm::parse_registry_url(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
        .ok_or_else(|| NpmConfigError::Registry { place, setting: setting.to_owned() })
}

/// The folder above the one that `url` names; `None` at the root.
fn parent(url: &Url) -> Option<Url> {
    let path = url.path().trim_end_matches('/');
    let (above, _) = path.rsplit_once('/')?;
    let mut parent = url.clone();
    parent.set_path(&format!("{above}/"));
    Some(parent)
}

#[cfg(test)]
pub(super) mod fixture {
    //! A project folder with an npmrc of its own and no other.

    use super::*;

    pub fn config(variable: Option<&str>, npmrc: &str) -> Result<NpmConfig, NpmConfigError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("package.json"), "{}").unwrap();
        std::fs::write(folder.path().join(".npmrc"), npmrc).unwrap();
        let options = LoadOptions {
            cwd: Some(folder.path().to_owned()),
            skip_user: true,
            skip_global: true,
            ..LoadOptions::default()
        };
        NpmConfig::new(variable, NpmrcConfig::load_with_options(options)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{fixture::config, *};

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn name(text: &str) -> PackageName {
        text.parse().unwrap()
    }

    #[test]
    fn the_environment_wins_over_npmrc_but_not_over_a_scope() {
        let npmrc = "registry=https://file.test/\n@corp:registry=http://corp.test:4873/npm";
        let config = config(Some("https://env.test/r"), npmrc).unwrap();
        assert_eq!(config.registry_for(&name("lit")).unwrap(), url("https://env.test/r/"));
        assert_eq!(config.registry_for(&name("@o/lit")).unwrap(), url("https://env.test/r/"));
        assert_eq!(
            config.registry_for(&name("@corp/x")).unwrap(),
            url("http://corp.test:4873/npm/")
        );
        assert!(config.is_registry_origin(&url("http://corp.test:4873/elsewhere")));
        assert!(!config.is_registry_origin(&url("http://corp.test/npm/")));
        assert!(!config.is_registry_origin(&url("https://file.test/")));
    }

    #[test]
    fn an_empty_variable_is_none() {
        let config = config(Some(" "), "registry=https://file.test").unwrap();
        assert_eq!(config.registry_for(&name("lit")).unwrap(), url("https://file.test/"));
    }

    #[test]
    fn an_unreadable_registry_is_never_replaced_by_the_default() {
        for (variable, npmrc) in
            [(Some("registry.test"), ""), (None, "registry=nonsense"), (None, "registry=ftp://x/")]
        {
            let error = config(variable, npmrc).unwrap_err();
            assert!(matches!(error, NpmConfigError::Registry { .. }), "{error}");
        }
        let config = config(None, "registry=https://a.test\n@corp:registry=nonsense").unwrap();
        assert!(config.registry_for(&name("@corp/x")).is_err());
    }

    #[test]
    fn credentials_stay_under_the_registry_they_are_for() {
        let npmrc = "//r.test/npm/:_authToken=secret\n//plain.test/:username=u\n\
                     //plain.test/:_password=cA==";
        let config = config(Some("https://r.test/npm/"), npmrc).unwrap();
        let registry = url("https://r.test/npm/");
        let authorization = |text| config.authorization(&registry, &url(text));
        assert_eq!(authorization("https://r.test/npm/lit").as_deref(), Some("Bearer secret"));
        for elsewhere in [
            "https://r.test/other/lit",
            "https://r.test:8443/npm/lit",
            "http://r.test/npm/lit",
            "https://evil.test/npm/lit",
        ] {
            assert_eq!(authorization(elsewhere), None, "{elsewhere}");
        }
        let deep = url("https://plain.test/a/b/");
        let header = config.authorization(&deep, &url("https://plain.test/a/b/lit"));
        assert_eq!(header.as_deref(), Some("Basic dTpw"));
    }

    #[test]
    fn a_mirror_is_asked_for_the_tarballs_it_mirrors() {
        let config = config(None, "").unwrap();
        let mirror = url("http://mirror.test:4873/npm/");
        let mut copied = Url::parse(npm::DEFAULT_REGISTRY).unwrap();
        copied.set_path("/lit/-/lit-3.0.0.tgz");
        let moved = config.tarball_url(&mirror, copied.clone());
        assert_eq!(moved, url("http://mirror.test:4873/npm/lit/-/lit-3.0.0.tgz"));
        let default = Url::parse(npm::DEFAULT_REGISTRY).unwrap();
        assert_eq!(config.tarball_url(&default, copied.clone()), copied);
        let own = url("https://files.test/lit.tgz");
        assert_eq!(config.tarball_url(&mirror, own.clone()), own);
    }
}
