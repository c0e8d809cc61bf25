//! One URL whose bytes are wanted.

use std::collections::BTreeSet;

use super::expectation::Expectation;
use crate::{
    fetch::{self, Response, Wanted, WrongContent},
    lockfile::Source,
    mime,
    npm::{UrlForm, VersionSpec},
    reference::SubresourceUrl,
};

/// One URL whose bytes are wanted.
pub(super) struct Request<'r> {
    pub url: &'r SubresourceUrl,
    /// What the URL says of an npm package, if it names one.
    pub form: Option<UrlForm>,
    /// What the bytes may be: any of these.
    pub wanted: &'r BTreeSet<Wanted>,
    /// What the bytes are checked against.
    pub expectation: &'r Expectation,
}

impl Request<'_> {
    /// Whether the locked bytes came from npm.
    pub fn is_locked_to_npm(&self) -> bool {
        self.expectation.locked.as_ref().is_some_and(|entry| entry.source == Source::Npm)
    }

    /// The version of the package that the lockfile names.
    pub fn locked_version(&self) -> Option<VersionSpec> {
        let package = self.expectation.locked.as_ref()?.package.as_deref()?;
        let (_, version) = package.rsplit_once('@')?;
        Some(VersionSpec::parse(version))
    }

    /// Checks whether a response can be any of what is wanted. What is wrong with a response that may
    /// be an empty module is returned as a value: only npm can tell whether it is one.
    pub fn inspect(&self, response: &Response) -> Result<Option<WrongContent>, WrongContent> {
        match self.first_fault(response) {
            Some(fault) if !self.may_be_an_empty_module(response) => Err(fault),
            doubt => Ok(doubt),
        }
    }

    /// What is wrong with a response; `None` if it can be any of what is wanted.
    fn first_fault(&self, response: &Response) -> Option<WrongContent> {
        let mut first = None;
        for wanted in self.wanted {
            let fault = fetch::inspect(response, *wanted).err()?;
            first = first.or(Some(fault));
        }
        first
    }

    /// Whether an empty response can be what was wanted. A module that only declares types is empty once
    /// it is compiled, and packages have such files. Most empty responses are failures.
    fn may_be_an_empty_module(&self, response: &Response) -> bool {
        let is_blank = response.bytes.trim_ascii().is_empty();
        let essence = response.content_type.as_deref();
        is_blank
            && self.wanted.contains(&Wanted::Module)
            && essence.is_some_and(mime::is_javascript)
    }
}
