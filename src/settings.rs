//! What is meant: flags over environment over `inhouse.toml` over defaults, in one value.

mod error;
mod file;
mod output;
mod project;
mod run_settings;
mod values;

pub use self::{
    error::SettingsError,
    file::{CONFIG_FILE, Config},
    output::Output,
    project::Project,
    run_settings::Settings,
};
pub use crate::options::{Ambiguous, Format, IntegrityMap, Mode, OnError, SourceChoice};
