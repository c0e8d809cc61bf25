//! The `inhouse` command: arguments → run → exit code.

use std::{
    io::{self, BufWriter, IsTerminal, Read, Write},
    process::ExitCode,
};

use anstream::ColorChoice as StreamColor;
use anyhow::Context;
use clap::Parser;
use inhouse::{
    cli::{Cli, Command, OutputArgs, RewriteArgs, SiteArgs},
    init,
    options::{ColorChoice, Format},
    progress::{Bar, Lines, Progress, Silent},
    record,
    report::{Report, human, json, printable},
    settings::{Output, Project},
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // If this cannot be printed, the exit code still says that the run failed.
            let _ = explain(&error, &mut anstream::stderr().lock());
            ExitCode::from(2)
        }
    }
}

fn explain(error: &anyhow::Error, to: &mut impl Write) -> io::Result<()> {
    writeln!(to, "error: {}", printable(&format!("{error}")))?;
    for cause in error.chain().skip(1) {
        writeln!(to, "  cause     {}", printable(&cause.to_string()))?;
    }
    match inhouse::remedy(error) {
        Some(hint) => writeln!(to, "hint: {}", printable(&hint)),
        None => Ok(()),
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
            let settings = project.for_vendor(*args)?.for_output(output);
            return print(&inhouse::vendor(&settings, &*progress(output))?, output);
        }
        Command::Scan(args) => {
            let project = Project::load(output.config.as_deref())?;
            let output = prepare(&project, &output);
            let site = SiteArgs { site: args.site.unwrap_or_default(), pages: args.pages };
            if args.batch {
                let settings = project.for_records(site)?;
                let report = inhouse::scan_records(&settings, io::stdin())?;
                return print(&report, Output { format: Format::Json, ..output });
            }
            let settings = project.for_site(site)?.for_output(output);
            return print(&inhouse::scan(&settings, &*progress(output))?, output);
        }
        Command::Check(args) => {
            let project = Project::load(output.config.as_deref())?;
            let output = prepare(&project, &output);
            let settings = project.for_site(*args)?.for_output(output);
            return print(&inhouse::check(&settings, &*progress(output))?, output);
        }
        Command::Rewrite(args) => {
            let project = Project::load(output.config.as_deref())?;
            let output = prepare(&project, &output);
            return filter(project, *args, output);
        }
    }
    Ok(0)
}

/// Pages from stdin to stdout.
fn filter(project: Project, args: RewriteArgs, output: Output) -> anyhow::Result<u8> {
    let page_path = args.page_path.clone();
    let settings = project.for_rewrite(args)?;
    let progress = progress(output);
    let Some(path) = page_path else {
        let mut out = BufWriter::new(io::stdout());
        let tally = inhouse::rewrite_records(&settings, io::stdin(), &mut out, &*progress)?;
        if tally.refused > 0 {
            progress.say(&format!("{} of {} pages were not rewritten", tally.refused, tally.pages));
        }
        return Ok(tally.exit_code());
    };
    let mut page = Vec::new();
    io::stdin().read_to_end(&mut page).context("cannot read the page from stdin")?;
    let path = record::page_path(&path)?;
    match inhouse::rewrite_page(&settings, &path, page, &*progress)? {
        Ok(page) => {
            let mut out = io::stdout().lock();
            out.write_all(&page).and_then(|()| out.flush()).context("cannot write to stdout")?;
            Ok(0)
        }
        Err(problems) => {
            let report = Report { problems, ..Report::default() };
            // If this cannot be printed, the exit code still says that the run failed.
            let err = &mut anstream::stderr().lock();
            let _ = human::print(&report, human::Detail::Quiet, &mut io::sink(), err);
            Ok(report.exit_code())
        }
    }
}

fn prepare(project: &Project, args: &OutputArgs) -> Output {
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
    } else if output.progress && io::stderr().is_terminal() {
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
        // `inhouse scan | head` closes stdout early; that is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(report.exit_code()),
    }
}
