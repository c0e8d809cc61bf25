//! Inhouse brings a built site's third-party scripts in-house.
#![forbid(unsafe_code)]

pub mod fetch;
pub mod html;
pub mod integrity;
pub mod lockfile;
pub mod npm;
pub mod policy;
pub mod reference;
pub mod vendor_path;
