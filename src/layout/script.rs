//! A script that may get other specifiers: everything it is used as, and its edits.

use url::Url;

use crate::{
    graph::{
        closure::{self, Reached, Request},
        local_urls::LocalUrls,
        relocation::{self, Flaw, Move, NewSpecifier},
    },
    js::{
        Loads,
        literal::{self, Edit},
    },
};

/// A script, and everything it is used as.
pub(super) struct Script<'a> {
    /// Where it was.
    pub from: &'a Url,
    /// Where it lies from now on.
    pub to: Url,
    /// Everything it is used as.
    pub uses: Vec<ScriptUse<'a>>,
}

/// One use of a script.
pub(super) struct ScriptUse<'a> {
    /// As what it is used.
    pub request: &'a Request,
    /// What it loads when it is used so.
    pub loads: &'a Loads,
    /// How it is reached.
    pub reached: &'a Reached,
}

/// Where files lie now, and how scripts name them.
#[derive(Clone, Copy)]
pub(super) struct Addressing<'a> {
    /// Where the vendored files lie.
    pub local_urls: &'a LocalUrls,
    /// The specifier of a file, by the URL of the script that names it and its own.
    pub specifier: &'a dyn Fn(&Url, &Url) -> String,
}

impl Script<'_> {
    fn moves(&self) -> Move<'_> {
        Move { from: self.from, to: &self.to }
    }

    /// The specifiers that change, for one use of the script.
    fn changes(&self, script_use: &ScriptUse<'_>, addressing: Addressing<'_>) -> Vec<NewSpecifier> {
        let Addressing { local_urls, specifier } = addressing;
        let settings = script_use.worker(local_urls, self.moves());
        let settings = settings.as_ref().map(|(from, to)| Move { from, to });
        let local = |url: &Url| local_urls.local(url);
        relocation::new_specifiers(script_use.loads, self.moves(), settings, local, specifier)
    }

    /// Whether any specifier changes.
    pub fn changes_any(&self, addressing: Addressing<'_>) -> bool {
        let changes = |script_use| !self.changes(script_use, addressing).is_empty();
        self.uses.iter().any(changes)
    }

    /// The edits of the script, as everything it is used as.
    fn edits(&self, source: &[u8], addressing: Addressing<'_>) -> Result<Vec<Edit>, String> {
        let mut edits = Vec::new();
        for script_use in &self.uses {
            let changes = self.changes(script_use, addressing);
            if !changes.is_empty() {
                edits.extend(script_use.edits(source, changes)?);
            }
        }
        edits.sort();
        edits.dedup();
        Ok(edits)
    }

    /// The script with its edits, not verified.
    pub fn unverified(&self, source: &[u8], addressing: Addressing<'_>) -> Option<Vec<u8>> {
        let edits = self.edits(source, addressing).ok()?;
        literal::rewrite(source, &edits).ok()
    }

    /// The script with its edits, if it needs any. An edit that does not verify is an error.
    pub fn edited(
        &self,
        source: &[u8],
        addressing: Addressing<'_>,
    ) -> Result<Option<Vec<u8>>, String> {
        let edits = self.edits(source, addressing)?;
        if edits.is_empty() {
            return Ok(None);
        }
        let edited = literal::rewrite(source, &edits).map_err(|error| error.to_string())?;
        self.verify(addressing.local_urls, &edited)?;
        Ok(Some(edited))
    }

    /// Verifies the edited script: no specifier of it leads to where a vendored file has been.
    fn verify(&self, local_urls: &LocalUrls, edited: &[u8]) -> Result<(), String> {
        let flaws = |script_use| self.verify_use(script_use, local_urls, edited);
        self.uses.iter().try_for_each(flaws)
    }

    fn verify_use(
        &self,
        script_use: &ScriptUse<'_>,
        local_urls: &LocalUrls,
        edited: &[u8],
    ) -> Result<(), String> {
        let scan = script_use.request.r#use.scan(edited).map_err(|failure| failure.to_string())?;
        let settings = script_use.worker(local_urls, self.moves()).map(|(_, to)| to);
        let judge = |url: &Url| local_urls.local(url).map(|_| Flaw::StillRemote);
        let flaws = relocation::prove(&scan.loads, &self.to, settings.as_ref(), judge);
        match flaws.first() {
            None => Ok(()),
            Some(flaw) => {
                Err(format!("line {} still leads to `{}`", flaw.specifier.line, flaw.url))
            }
        }
    }
}

impl ScriptUse<'_> {
    fn edits(&self, source: &[u8], changes: Vec<NewSpecifier>) -> Result<Vec<Edit>, String> {
        let scan = self.request.r#use.scan(source).map_err(|failure| failure.to_string())?;
        relocation::place(changes, self.loads, &scan).map_err(|error| error.to_string())
    }

    /// The worker that runs the script, before and after: known if there is one only.
    fn worker(&self, local_urls: &LocalUrls, script: Move<'_>) -> Option<(Url, Url)> {
        let closure::Use::Worker(_) = self.request.r#use else { return None };
        let mut workers = self.reached.workers.iter();
        let (worker, None) = (workers.next()?, workers.next()) else { return None };
        let to = match worker == script.from {
            true => script.to.clone(),
            false => local_urls.local(worker).unwrap_or_else(|| worker.clone()),
        };
        Some((worker.clone(), to))
    }
}
