//! What is written once: the commented configuration, the completions, the manual page.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::CommandFactory;
use thiserror::Error;

use crate::{cli::Cli, folder::IoError, settings::CONFIG_FILE};

/// The configuration a new project starts from: every key, commented out, with its default.
const TEMPLATE: &str = include_str!("data/inhouse.toml");

/// A configuration that could not be written.
#[derive(Debug, Error)]
pub enum InitError {
    /// There is one already.
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error(transparent)]
    Io(#[from] IoError),
}

/// Writes the commented `inhouse.toml` into `folder` and returns its path.
///
/// # Errors
/// [`InitError`]; a file that is there already is never touched.
pub fn write_config(folder: &Path) -> Result<PathBuf, InitError> {
    let path = folder.join(CONFIG_FILE);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    match written {
        Ok(()) => Ok(path),
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
            Err(InitError::Exists(path))
        }
        Err(source) => Err(IoError::Write { path, source }.into()),
    }
}

/// Prints the completion script of `shell` to stdout.
pub fn completions(shell: clap_complete::Shell) {
    clap_complete::generate(shell, &mut Cli::command(), "inhouse", &mut io::stdout());
}

/// Prints the manual page to stdout: the command's own, then one section for each subcommand.
///
/// # Errors
/// What writing to stdout gives.
pub fn manual() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut out)?;
    let is_listed = |sub: &&clap::Command| !sub.is_hide_set() && sub.get_name() != "help";
    command.get_subcommands().filter(is_listed).try_for_each(|sub| section(sub, &mut out))
}

/// The section of a subcommand.
fn section(subcommand: &clap::Command, out: &mut dyn Write) -> io::Result<()> {
    let man = clap_mangen::Man::new(subcommand.clone());
    writeln!(out, ".SH \"INHOUSE {}\"", subcommand.get_name().to_uppercase())?;
    man.render_description_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_options_section(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_template_is_a_valid_setting_once_uncommented() {
        let setting = |line: &&str| {
            line.starts_with("# ") && (line.contains(" = ") || line.starts_with("# ["))
        };
        let text: Vec<_> = TEMPLATE.lines().filter(setting).map(|line| &line[2..]).collect();
        assert!(text.len() > 25, "{text:?}");
        toml::from_str::<crate::settings::Config>(&text.join("\n")).unwrap();
        toml::from_str::<crate::settings::Config>(TEMPLATE).unwrap();
    }

    #[test]
    fn an_existing_configuration_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        write_config(dir.path()).unwrap();
        assert!(matches!(write_config(dir.path()), Err(InitError::Exists(_))));
    }
}
