//! What a file loads, read as what it is used as.

use crate::{
    fetch::Wanted,
    graph::{
        closure::{Module, Request, Use},
        graphs::Known,
    },
    js::{Loads, ModuleType, ParseFailure},
    lockfile::Entry,
    obtain::Obtained,
    reference::SubresourceUrl,
    vendor_path::Extension,
};

/// A file's bytes, and what decides how they are read.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// The URL that specifiers in it are relative to.
    pub response_url: &'a SubresourceUrl,
    /// The MIME type's essence.
    pub media_type: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

impl<'a> File<'a> {
    /// What was downloaded from `url`.
    pub fn of(url: &'a SubresourceUrl, obtained: &'a Obtained) -> Self {
        Self {
            response_url: obtained.final_url.as_ref().unwrap_or(url),
            media_type: &obtained.media_type,
            bytes: &obtained.bytes,
        }
    }
}

/// What is known of a file once it was read.
#[derive(Debug)]
pub enum FileScan {
    /// What it loads, or that it is not followed.
    Known(Known),
    /// It does not parse, so what it loads is not known.
    Unparsed(Module, ParseFailure),
    /// Browsers do not accept a file of its type for this use.
    WrongType,
}

impl FileScan {
    /// Whether the script loads files by addresses that it makes from its own.
    pub fn loads_by_own_address(&self) -> bool {
        matches!(self, Self::Known(Known::Module(module)) if module.loads.loads_by_own_address())
    }

    /// A file that is not there or stays where it is.
    pub fn left() -> Self {
        Self::Known(Known::Left)
    }
}

/// Reads a file as what it is used as.
pub fn scan_file(request: &Request, file: File<'_>) -> FileScan {
    let extension = Extension::of_media_type(file.media_type);
    if !fits(&request.r#use, extension) {
        return FileScan::WrongType;
    }
    let response_url = file.response_url.as_url().clone();
    let module = |loads| Module { response_url, loads };
    if !extension.may_be_script() {
        return FileScan::Known(Known::Module(module(Loads::default())));
    }
    match request.r#use.scan(file.bytes) {
        Ok(scan) => FileScan::Known(Known::Module(module(scan.loads))),
        Err(failure) => FileScan::Unparsed(module(Loads::default()), failure),
    }
}

/// What the lockfile says that a file loads when it is used so; `None` if it does not say.
///
/// `response_url` is the URL that specifiers in it are relative to.
pub fn scan_of_lock(
    request: &Request,
    response_url: &SubresourceUrl,
    entry: &Entry,
) -> Option<FileScan> {
    let extension = Extension::of_media_type(&entry.media_type);
    if !fits(&request.r#use, extension) {
        return Some(FileScan::WrongType);
    }
    let response_url = response_url.as_url().clone();
    let module = |loads| Module { response_url, loads };
    let Some(way) = request.r#use.read_as().filter(|_| extension.may_be_script()) else {
        return Some(FileScan::Known(Known::Module(module(Loads::default()))));
    };
    Some(match entry.loads.get(way)? {
        Ok(loads) => FileScan::Known(Known::Module(module(loads.clone()))),
        Err(failure) => FileScan::Unparsed(module(Loads::default()), failure.clone()),
    })
}

/// Whether browsers accept a file of this type for this use.
fn fits(r#use: &Use, extension: Extension) -> bool {
    match r#use {
        Use::Module(ModuleType::Json) => extension == Extension::Json,
        Use::Module(ModuleType::Css) => extension == Extension::Css,
        Use::Module(ModuleType::JavaScriptOrWasm) => {
            matches!(extension, Extension::Js | Extension::Plain | Extension::Wasm)
        }
        Use::Module(ModuleType::Other(_) | ModuleType::Unknown) | Use::Asset => true,
        Use::Classic | Use::Worker(_) => matches!(extension, Extension::Js | Extension::Plain),
    }
}

/// What an answer must be to serve for this use.
pub fn wanted(r#use: &Use) -> Wanted {
    match r#use {
        Use::Module(ModuleType::JavaScriptOrWasm) => Wanted::Module,
        Use::Module(ModuleType::Json) => Wanted::Json,
        Use::Module(ModuleType::Css) => Wanted::Css,
        Use::Module(ModuleType::Other(_) | ModuleType::Unknown) | Use::Asset => Wanted::Asset,
        Use::Classic | Use::Worker(_) => Wanted::Script,
    }
}
