//! Sites as generators make them, with the snippets that their documentation gives.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{cdn::Cdn, module_cdn::published};

/// A page and what scripts have to have made of it before it is vendored, at least.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Below the site.
    pub path: &'static str,
    /// The members of the look, with the least value of each.
    pub least: [(&'static str, u64); 4],
}

impl Page {
    /// A page of which nothing is expected.
    pub const fn new(path: &'static str) -> Self {
        Self { path, least: [("formulas", 0), ("coloured", 0), ("images", 0), ("components", 0)] }
    }

    /// So many formulas, with fonts.
    pub const fn formulas(self, count: u64) -> Self {
        self.with(0, count)
    }

    /// So many words in colour.
    pub const fn coloured(self, count: u64) -> Self {
        self.with(1, count)
    }

    /// So many SVG images, diagrams among them.
    pub const fn images(self, count: u64) -> Self {
        self.with(2, count)
    }

    /// So many custom elements that have been drawn.
    pub const fn components(self, count: u64) -> Self {
        self.with(3, count)
    }

    const fn with(mut self, index: usize, count: u64) -> Self {
        self.least[index].1 = count;
        self
    }
}

/// A generator and the site that it makes.
#[derive(Clone, Copy, Debug)]
pub struct Generator {
    /// Its name.
    pub name: &'static str,
    /// The command: one of the Python environment or one on the `PATH`.
    pub command: &'static str,
    /// Its arguments; `{out}` is the folder of the site.
    pub arguments: &'static [&'static str],
    /// What it reads: paths and text.
    pub sources: &'static [(&'static str, &'static str)],
    /// The pages to look at.
    pub pages: &'static [Page],
}

/// What `pip` installs for those written in Python.
const REQUIREMENTS: &[&str] = &[
    "sphinx==9.0.4",
    "furo==2025.12.19",
    "sphinxcontrib-mermaid==2.1.1",
    "mkdocs-material==9.8.2",
    "pdoc==16.0.0",
    "nbconvert==7.17.2",
];

/// The packages that the pages of all generators name, and those that their scripts ask for.
pub const PACKAGES: &[&str] = &[
    "@mathjax/mathjax-newcm-font@4.1.3",
    "@mermaid-js/layout-elk@0.1.9",
    "mathjax@2.7.7",
    "mathjax@2.7.9",
    "mathjax@3.2.2",
    "mathjax@4.1.3",
    "mermaid@11.10.0",
    "mermaid@11.12.1",
];

/// A server that has the script of nbconvert's pages which cdnjs minifies itself, as npm has it.
pub fn require_js() -> Cdn {
    let package = published::package("requirejs@2.1.10");
    let path = "/ajax/libs/require.js/2.1.10/require.min.js";
    Cdn::start().file("cdnjs.cloudflare.com", path, package.get("require.js").unwrap())
}

const SPHINX_PAGE: &str = r"
Demo
====

A root, :math:`\sqrt{\frac{a}{b}}`.

.. math::

   \mathscr{A} \in \mathbb{R} \subset \mathfrak{g}

.. mermaid::

   flowchart LR
     A --> B
";

const MARKDOWN_PAGE: &str = r"
# Demo

A root, $\sqrt{\frac{a}{b}}$.

$$
\mathscr{A} \in \mathbb{R} \subset \mathfrak{g}
$$
";

pub const GENERATORS: &[Generator] = &[
    Generator {
        name: "Sphinx with furo",
        command: "sphinx-build",
        arguments: &["-q", "-b", "html", ".", "{out}"],
        sources: &[
            (
                "conf.py",
                "extensions = ['sphinx.ext.mathjax', 'sphinxcontrib.mermaid']\nhtml_theme = 'furo'\n",
            ),
            ("index.rst", SPHINX_PAGE),
        ],
        pages: &[Page::new("index.html").formulas(2).images(1)],
    },
    Generator {
        name: "Sphinx with alabaster",
        command: "sphinx-build",
        arguments: &["-q", "-b", "html", ".", "{out}"],
        sources: &[
            ("conf.py", "extensions = ['sphinx.ext.mathjax', 'sphinxcontrib.mermaid']\n"),
            ("index.rst", SPHINX_PAGE),
        ],
        pages: &[Page::new("index.html").formulas(2).images(1)],
    },
    Generator {
        name: "Material for MkDocs",
        command: "mkdocs",
        arguments: &["build", "-q", "-d", "{out}"],
        sources: &[
            ("mkdocs.yml", include_str!("mkdocs/mkdocs.yml")),
            ("docs/index.md", MARKDOWN_PAGE),
            ("docs/javascripts/mathjax.js", include_str!("mkdocs/mathjax.js")),
        ],
        pages: &[Page::new("index.html").formulas(2)],
    },
    Generator {
        name: "pdoc",
        command: "pdoc",
        arguments: &["--math", "-o", "{out}", "./demo.py"],
        sources: &[(
            "demo.py",
            "r\"\"\"A root, \\\\(\\sqrt{\\frac{a}{b}}\\\\).\n\n$$\\mathscr{A} \\in \\mathbb{R}$$\n\"\"\"\n",
        )],
        pages: &[Page::new("demo.html").formulas(1)],
    },
    Generator {
        name: "nbconvert",
        command: "jupyter-nbconvert",
        arguments: &["--to", "html", "--output-dir", "{out}", "demo.ipynb"],
        sources: &[("demo.ipynb", include_str!("demo.ipynb"))],
        pages: &[Page::new("demo.html").formulas(2)],
    },
    Generator {
        name: "Asciidoctor",
        command: "asciidoctor",
        arguments: &["-D", "{out}", "demo.adoc"],
        sources: &[(
            "demo.adoc",
            "= Demo\n:stem: latexmath\n\nA root, stem:[\\sqrt{\\frac{a}{b}}].\n\n[stem]\n++++\n\\mathscr{A} \\in \\mathbb{R}\n++++\n",
        )],
        pages: &[Page::new("demo.html").formulas(2)],
    },
    Generator {
        name: "Pandoc",
        command: "pandoc",
        // Debian's names a script of the system if the address is left out.
        arguments: &[
            "-s",
            "--mathjax=https://cdn.jsdelivr.net/npm/mathjax@3/es5/tex-chtml-full.js",
            "demo.md",
            "-o",
            "{out}/demo.html",
        ],
        sources: &[("demo.md", MARKDOWN_PAGE)],
        pages: &[Page::new("demo.html").formulas(2)],
    },
];

/// Why there is no site.
#[derive(Debug)]
pub enum NoSite {
    /// The generator is neither in the Python environment nor on the `PATH`.
    NotInstalled,
    /// It failed, and said so.
    Failed(String),
}

impl Generator {
    /// Makes the site in the folder `out`.
    pub fn make(&self, python: &Path, out: &Path) -> Result<(), NoSite> {
        let sources = tempfile::tempdir().unwrap();
        for (path, text) in self.sources {
            let path = sources.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(out).unwrap();
        let out = out.to_str().unwrap();
        let arguments = self.arguments.iter().map(|argument| argument.replace("{out}", out));
        let installed = python.join("bin").join(self.command);
        let program = if installed.is_file() { installed } else { self.command.into() };
        let run = Command::new(program).args(arguments).current_dir(sources.path()).output();
        let run = run.map_err(|_| NoSite::NotInstalled)?;
        let said = || String::from_utf8_lossy(&run.stderr).into_owned();
        if run.status.success() { Ok(()) } else { Err(NoSite::Failed(said())) }
    }
}

/// An environment with the generators that are written in Python, which is made once.
pub fn python_environment() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generators");
    let marker = folder.join("requirements.txt");
    let requirements = REQUIREMENTS.join("\n");
    if fs::read_to_string(&marker).is_ok_and(|text| text == requirements) {
        return folder;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    run(Command::new(folder.join("bin/pip")).args(["install", "--quiet"]).args(REQUIREMENTS));
    fs::write(&marker, requirements).unwrap();
    folder
}

fn run(command: &mut Command) {
    let run = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(run.status.success(), "{command:?}: {}", String::from_utf8_lossy(&run.stderr));
}
