//! What a run does while it works: a bar for each stage on a terminal, plain lines otherwise.

use std::{io::Write, sync::Mutex, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The stages that take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Pages are read.
    Scanning,
    /// Scripts are fetched.
    Downloading,
    /// Edits are worked out and proved.
    Checking,
    /// Pages are written.
    Rewriting,
}

impl Stage {
    fn count(self, total: Option<usize>) -> String {
        let noun = match self {
            Self::Scanning | Self::Checking | Self::Rewriting => "page",
            Self::Downloading => "script",
        };
        match total {
            None => format!("{noun}s"),
            Some(1) => format!("1 {noun}"),
            Some(total) => format!("{total} {noun}s"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Scanning => "scanning",
            Self::Downloading => "downloading",
            Self::Checking => "checking",
            Self::Rewriting => "rewriting",
        }
    }
}

/// Is told how far a run has come. Called from many threads.
pub trait Progress: Sync {
    /// A stage begins; it has `total` steps, if that is known.
    fn begin(&self, stage: Stage, total: Option<usize>);
    /// One step is done.
    fn step(&self);
    /// The stage is over.
    fn end(&self);
    /// Something takes longer than expected, for a reason worth a line.
    fn say(&self, line: &str);
}

/// Says nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: Stage, _total: Option<usize>) {}
    fn step(&self) {}
    fn end(&self) {}
    fn say(&self, _line: &str) {}
}

/// Plain lines on stderr, one a stage: no terminal, no bar.
#[derive(Debug)]
pub struct Lines {
    /// Whether stages get a line; without, only what takes longer than expected does.
    pub stages: bool,
}

impl Progress for Lines {
    fn begin(&self, stage: Stage, total: Option<usize>) {
        if self.stages && total != Some(0) {
            print(&format!("{} {}", stage.name(), stage.count(total)));
        }
    }

    fn step(&self) {}
    fn end(&self) {}
    fn say(&self, line: &str) {
        print(line);
    }
}

/// Prints a line to stderr; that nobody reads it is no reason to stop.
fn print(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// A bar on stderr.
#[derive(Debug)]
pub struct Bar {
    bar: Mutex<ProgressBar>,
}

impl Default for Bar {
    fn default() -> Self {
        Self { bar: Mutex::new(ProgressBar::hidden()) }
    }
}

impl Bar {
    fn current(&self) -> ProgressBar {
        self.bar.lock().map(|bar| bar.clone()).unwrap_or_else(|_| ProgressBar::hidden())
    }
}

impl Progress for Bar {
    fn begin(&self, stage: Stage, total: Option<usize>) {
        let length = total.map(|total| total as u64);
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        let template = match total {
            Some(_) => "{msg:>12} [{bar:30}] {pos}/{len}",
            None => "{msg:>12} {spinner} {pos}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(stage.name());
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Ok(mut current) = self.bar.lock() {
            *current = bar;
        }
    }

    fn step(&self) {
        self.current().inc(1);
    }

    fn end(&self) {
        self.current().finish_and_clear();
    }

    fn say(&self, line: &str) {
        // Between two stages the bar is hidden, and would swallow the line.
        self.current().suspend(|| print(line));
    }
}
