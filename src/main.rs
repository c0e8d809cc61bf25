//! The `inhouse` command: arguments → run → exit code.

use std::{io::IsTerminal, process::ExitCode};

use anstream::{ColorChoice as StreamColor, eprintln};
use clap::Parser;
use inhouse::{
    cli::{Cli, ColorChoice, Command},
    init,
    report::{
        Report, human, json, printable,
        progress::{Bar, Lines, Progress, Silent},
    },
    settings::{Format, Output, Project},
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {}", printable(&format!("{error}")));
            for cause in error.chain().skip(1) {
                eprintln!("  cause     {}", printable(&cause.to_string()));
            }
            if let Some(hint) = inhouse::remedy(&error) {
                eprintln!("hint: {}", printable(&hint));
            }
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<u8> {
    let Cli { command, output } = cli;
    match command {
        Command::Init => {
            let file = init::write_config(&std::env::current_dir()?)?;
            eprintln!("wrote `{}`", printable(&file.display().to_string()));
        }
        Command::Completions { shell } => init::completions(shell),
        Command::Man => init::manual()?,
        Command::Vendor(args) => {
            let project = Project::load(output.config.as_deref())?;
            let output = prepare(&project, &output);
            let settings = project.for_vendor(*args)?;
            return print(&inhouse::vendor(&settings, &*progress(output))?, output);
        }
        Command::Scan(args) => {
            let project = Project::load(output.config.as_deref())?;
            let output = prepare(&project, &output);
            let settings = project.for_site(*args)?;
            return print(&inhouse::scan(&settings, &*progress(output))?, output);
        }
        Command::Check(args) => {
            let project = Project::load(output.config.as_deref())?;
            let output = prepare(&project, &output);
            let settings = project.for_site(*args)?;
            return print(&inhouse::check(&settings, &*progress(output))?, output);
        }
    }
    Ok(0)
}

fn prepare(project: &Project, args: &inhouse::cli::OutputArgs) -> Output {
    let output = project.output(args);
    match output.color {
        ColorChoice::Auto => StreamColor::Auto,
        ColorChoice::Always => StreamColor::Always,
        ColorChoice::Never => StreamColor::Never,
    }
    .write_global();
    output
}

fn progress(output: Output) -> Box<dyn Progress> {
    if output.quiet {
        Box::new(Silent)
    } else if output.progress && std::io::stderr().is_terminal() {
        Box::new(Bar::default())
    } else {
        Box::new(Lines { stages: output.progress })
    }
}

fn print(report: &Report, output: Output) -> anyhow::Result<u8> {
    let printed = match output.format {
        Format::Json => json::print(report, &mut anstream::stdout().lock()),
        Format::Human => {
            let detail = match (output.quiet, output.verbose) {
                (true, _) => human::Detail::Quiet,
                (false, true) => human::Detail::Full,
                (false, false) => human::Detail::Normal,
            };
            human::print(
                report,
                detail,
                &mut anstream::stdout().lock(),
                &mut anstream::stderr().lock(),
            )
        }
    };
    match printed {
        // `inhouse scan | head` is no failure of ours.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(report.exit_code()),
    }
}
