//! The `inhouse` command: arguments → run → exit code.

use std::{
    io::{self, BufWriter, IsTerminal, Read, Write},
    process::ExitCode,
};

use anstream::ColorChoice as StreamColor;
use anyhow::Context;
use clap::Parser;
use inhouse::{
    cli::{Cli, Command, OutputArgs, RewriteArgs, ScanArgs, SiteArgs},
    findings::Problem,
    init,
    options::{ColorChoice, Format},
    page_path,
    progress::{Bar, Lines, Progress, Silent},
    report::{Report, human, json, printable},
    settings::{Output, Project, Settings},
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

fn run(Cli { command, output }: Cli) -> anyhow::Result<u8> {
    match command {
        Command::Init => {
            let file = init::write_config(&std::env::current_dir()?)?;
            eprintln!("wrote `{}`", printable(&file.display().to_string()));
            Ok(0)
        }
        Command::Completions { shell } => {
            init::completions(shell);
            Ok(0)
        }
        Command::Man => Ok(init::manual().map(|()| 0)?),
        Command::Vendor(args) => {
            let (project, output) = prepare(&output)?;
            let settings = project.for_vendor(*args)?.for_output(output);
            print(&inhouse::vendor(&settings, &*progress(output))?, output)
        }
        Command::Scan(args) => scan(*args, &output),
        Command::Check(args) => {
            let (project, output) = prepare(&output)?;
            let settings = project.for_site(*args)?.for_output(output);
            print(&inhouse::check(&settings, &*progress(output))?, output)
        }
        Command::Rewrite(args) => rewrite(*args, &output),
    }
}

/// The pages of a folder, or those from stdin.
fn scan(args: ScanArgs, output: &OutputArgs) -> anyhow::Result<u8> {
    let (project, output) = prepare(output)?;
    let site = SiteArgs { site: args.site.unwrap_or_default(), pages: args.pages };
    if args.batch {
        let settings = project.for_records(site)?;
        let report = inhouse::scan_records(&settings, io::stdin())?;
        return print(&report, Output { format: Format::Json, ..output });
    }
    let settings = project.for_site(site)?.for_output(output);
    print(&inhouse::scan(&settings, &*progress(output))?, output)
}

/// Pages from stdin to stdout.
fn rewrite(args: RewriteArgs, output: &OutputArgs) -> anyhow::Result<u8> {
    let (project, output) = prepare(output)?;
    let page_path = args.page_path.clone();
    let settings = project.for_rewrite(args)?;
    match page_path {
        None => rewrite_records(&settings, &*progress(output)),
        Some(path) => rewrite_page(&settings, &path, &*progress(output)),
    }
}

fn rewrite_records(settings: &Settings, progress: &dyn Progress) -> anyhow::Result<u8> {
    let mut out = BufWriter::new(io::stdout());
    let tally = inhouse::rewrite_records(settings, io::stdin(), &mut out, progress)?;
    if tally.refused > 0 {
        progress.say(&format!("{} of {} pages were not rewritten", tally.refused, tally.pages));
    }
    Ok(tally.exit_code())
}

fn rewrite_page(settings: &Settings, path: &str, progress: &dyn Progress) -> anyhow::Result<u8> {
    let mut page = Vec::new();
    io::stdin().read_to_end(&mut page).context("cannot read the page from stdin")?;
    let path = page_path(path)?;
    match inhouse::rewrite_page(settings, &path, page, progress)? {
        Ok(page) => {
            let mut out = io::stdout().lock();
            out.write_all(&page).and_then(|()| out.flush()).context("cannot write to stdout")?;
            Ok(0)
        }
        Err(problems) => Ok(print_problems(problems)),
    }
}

/// Prints what stands in the way of a page, and returns the exit code.
fn print_problems(problems: Vec<Problem>) -> u8 {
    let report = Report { problems, ..Report::default() };
    let err = &mut anstream::stderr().lock();
    // If this cannot be printed, the exit code still says that the run failed.
    let _ = human::print(&report, human::Detail::Quiet, &mut io::sink(), err);
    report.exit_code()
}

/// Reads the configuration, and sets the use of colour.
fn prepare(args: &OutputArgs) -> anyhow::Result<(Project, Output)> {
    let project = Project::load(args.config.as_deref())?;
    let output = project.output(args);
    match output.color {
        ColorChoice::Auto => StreamColor::Auto,
        ColorChoice::Always => StreamColor::Always,
        ColorChoice::Never => StreamColor::Never,
    }
    .write_global();
    Ok((project, output))
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
    let out = &mut anstream::stdout().lock();
    let printed = match output.format {
        Format::Json => json::print(report, out),
        Format::Human => human::print(report, detail(output), out, &mut anstream::stderr().lock()),
    };
    match printed {
        // `inhouse scan | head` closes stdout early; that is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(report.exit_code()),
    }
}

fn detail(output: Output) -> human::Detail {
    match (output.quiet, output.verbose) {
        (true, _) => human::Detail::Quiet,
        (false, true) => human::Detail::Full,
        (false, false) => human::Detail::Normal,
    }
}
