//! The laws of `inhouse rewrite` and of plans from scans: they come to what `vendor` made of the site.

use std::{fs, path::PathBuf};

use super::{
    laws::succeed,
    options::{frozen_in_place, without_vendor_options},
    project::{Project, assert_lines_of_json},
    tree::{Files, Tree, copy, differences},
};
use crate::support::filter::{self, Page};

/// A built site and what a `vendor` command made of it.
struct Built<'a> {
    project: &'a Project,
    vendor: &'a [&'a str],
    /// The site as it was built, beside the project.
    site: PathBuf,
    pages: Vec<Page>,
    vendored: Files,
}

/// Holds the filters to the result of `vendor`.
pub fn hold(project: &Project, vendor: &[&str]) {
    let site = project.beside("site");
    copy(&project.case.join(vendor[1]), &site);
    let globs = vendor.windows(2).filter(|words| words[0] == "--page-glob");
    let globs: Vec<_> = globs.map(|words| words[1]).collect();
    let (result, _) = without_vendor_options(vendor, &[]);
    let pages = filter::pages(&site, &globs);
    let vendored = Tree::of(&project.root().join(result)).files();
    let built = Built { project, vendor, site, pages, vendored };
    built.rewrite();
    built.plan_from_scans();
    fs::remove_dir_all(&built.site).unwrap();
}

impl Built<'_> {
    fn site(&self) -> &str {
        self.site.to_str().unwrap()
    }

    /// Runs the tool on `input`.
    fn filter(&self, command: &[&str], options: &[&str], input: &[u8]) -> Vec<u8> {
        let words = [command, options].concat();
        let output = filter::run(&mut self.project.command(&words), input);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Every page by itself, rewritten by the lockfile alone, is the page that `vendor` wrote.
    fn rewrite(&self) {
        let known = ["--integrity", "--no-integrity", "--crossorigin"];
        let (_, options) = without_vendor_options(self.vendor, &known);
        let vendored = |path: &String| (path.clone(), self.vendored[path].clone());
        let expected: Vec<_> = self.pages.iter().map(|(path, _)| vendored(path)).collect();
        let command = ["rewrite", "--batch", "--site", self.site()];
        let output = self.filter(&command, &options, &filter::records(&self.pages));
        filter::assert_same(&filter::served(&output), &expected);
        for ((path, page), expected) in self.pages.iter().zip(&expected).take(2) {
            let command = ["rewrite", "--frozen", "--site", self.site(), "--page-path", path];
            let output = self.filter(&command, &options, page);
            filter::assert_same(&[(path.clone(), output)], std::slice::from_ref(expected));
        }
    }

    /// A plan from scans of parts of the site brings the same files as one from the site.
    fn plan_from_scans(&self) {
        self.pages.iter().for_each(|(page, _)| fs::remove_file(self.site.join(page)).unwrap());
        let scans = [self.scan(0, "even.jsonl"), self.scan(1, "odd.jsonl")];
        let mut words = frozen_in_place(self.vendor, self.site());
        words.push("--from-scan");
        words.extend(scans.iter().map(String::as_str));
        let before = self.project.tree();
        succeed(self.project, &words, true);
        before.assert_same_files(&self.project.tree(), "--from-scan");
        let is_page = |name: &String| self.pages.iter().any(|(page, _)| page == name);
        let mut expected = self.vendored.clone();
        expected.retain(|name, _| name != "_headers" && !is_page(name));
        let mut found = Tree::of(&self.site).files();
        found.remove("_headers");
        let differences = differences(&expected, &found);
        assert!(differences.is_empty(), "--from-scan\n{}", differences.join("\n"));
    }

    /// Scans every second page, beginning with `first`, into a file.
    fn scan(&self, first: usize, name: &str) -> String {
        let part: Vec<_> = self.pages.iter().skip(first).step_by(2).cloned().collect();
        let (_, options) = without_vendor_options(self.vendor, &[]);
        let command = ["scan", self.site(), "--batch"];
        let output = self.filter(&command, &options, &filter::records(&part));
        assert_lines_of_json(&output);
        let file = self.project.beside(name);
        fs::write(&file, output).unwrap();
        file.to_str().unwrap().to_owned()
    }
}
