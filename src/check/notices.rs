//! What fails the gate, in words.

use crate::{
    findings::{Keep, Notice, Places, Problem},
    integrity::Mismatch,
    lockfile::Companions,
    read::url_uses::LocalUse,
    reference::SubresourceUrl,
    vendor_path::VendorPath,
};

/// A tag of a page that loads a file of the site, and where it stands.
pub(super) type TagUse<'a> = (&'a LocalUse, &'a Places);

/// How many files are named that are not the locked ones.
const SHOWN_DIFFERENCES: usize = 5;

/// What to do about a tag or an import map that the last run did not write.
const REBUILD: &str = "build the site again and run `inhouse vendor`";

pub(super) fn external_script(url: &SubresourceUrl, places: Places, hint: &str) -> Problem {
    let notice = Notice::new("external-script", format!("`{url}` is still external"));
    notice.used_at(places).hint(hint.to_owned()).of_site()
}

pub(super) fn missing_file(path: &VendorPath, uses: &[TagUse<'_>]) -> Problem {
    Notice::new("missing-file", format!("the vendored file `{path}` is missing"))
        .used_at(places(uses))
        .hint("run `inhouse vendor` again".to_owned())
        .of_site()
}

pub(super) fn tampered_file(
    path: &VendorPath,
    mismatch: &Mismatch,
    uses: &[TagUse<'_>],
) -> Problem {
    let message = format!("the vendored file `{path}` is not the file that was locked");
    with_digests(Notice::new("tampered-file", message), mismatch, "lockfile")
        .used_at(places(uses))
        .hint("find out who changed it; then delete it and run `inhouse vendor` again".to_owned())
        .of_site()
}

pub(super) fn not_locked(name: &str, uses: &[TagUse<'_>]) -> Problem {
    let message = format!("`{name}` lies in the vendor folder, but not in the lockfile");
    let hint =
        "run `inhouse vendor` and commit the lockfile; move scripts of your own to another folder";
    let notice = Notice::new("not-in-lockfile", message).used_at(places(uses));
    notice.hint(hint.to_owned()).of_site()
}

pub(super) fn stray_file(name: &str) -> Problem {
    let message = format!("`{name}` lies among the vendored files and is not in the lockfile");
    let hint = "find out who put it there; a build into an empty folder does without it";
    Notice::new("stray-file", message).hint(hint.to_owned()).of_site()
}

pub(super) fn no_integrity((local, places): TagUse<'_>) -> Problem {
    let message = format!("the tag that loads `{}` has no `integrity`", local.path);
    let notice = Notice::new("no-integrity", message).used_at(places.clone());
    notice.hint(REBUILD.to_owned()).of_site()
}

pub(super) fn wrong_integrity((local, places): TagUse<'_>, mismatch: &Mismatch) -> Problem {
    let message = format!("the tag that loads `{}` has another file's `integrity`", local.path);
    let notice = with_digests(Notice::new("wrong-integrity", message), mismatch, "the tag");
    notice.used_at(places.clone()).hint(REBUILD.to_owned()).of_site()
}

/// No import map has integrity metadata for an imported file.
pub(super) fn unguarded_import(file: &str) -> Notice {
    let message = format!("the imported `{file}` is not guarded by the import map");
    Notice::new("unguarded-import", message).hint(REBUILD.to_owned())
}

/// An import map has integrity metadata that does not match an imported file.
pub(super) fn wrong_import_integrity(file: &str, mismatch: &Mismatch) -> Notice {
    let message = format!("the imported `{file}` has another file's `integrity` in the import map");
    let notice = Notice::new("unguarded-import", message);
    with_digests(notice, mismatch, "the import map").hint(REBUILD.to_owned())
}

/// Adds the digest that `source` says, and the one that the file has.
fn with_digests(notice: Notice, mismatch: &Mismatch, source: &str) -> Notice {
    let Mismatch { expected, received, size } = mismatch;
    notice
        .detail("expected", format!("{expected}  ({source})"))
        .detail("received", format!("{received}  ({size} bytes)"))
}

/// Every place of these uses, in the order of the pages.
pub(super) fn places(uses: &[TagUse<'_>]) -> Places {
    let mut all = Places::default();
    uses.iter().for_each(|(_, places)| all.merge((*places).clone(), Keep::All));
    all.sort();
    all
}

/// The companions of a package are not the locked ones.
pub(super) fn wrong_companions(
    out: &str,
    block: &Companions,
    differences: &[String],
    places: Places,
) -> Problem {
    let Companions { package, folder, .. } = block;
    let message = format!(
        "the files that scripts of {package} load from `{out}/{folder}` are not the locked ones"
    );
    let mut notice = Notice::new("wrong-companions", message)
        .detail("locked", format!("{}  ({} files)", block.integrity, block.count));
    for difference in differences.iter().take(SHOWN_DIFFERENCES) {
        notice = notice.detail("found", difference);
    }
    let notice = notice.used_at(places);
    notice
        .hint("build the site into an empty folder, and run `inhouse vendor`".to_owned())
        .of_site()
}

/// A script loads files beside itself that were never brought along.
pub(super) fn lacking_companions(url: &SubresourceUrl, uses: Places) -> Problem {
    let message = format!("files that `{url}` loads beside itself were not brought along");
    let hint =
        "run `inhouse vendor` after the build, or say with `companions` in a rule what it needs";
    Notice::new("missing-companions", message).used_at(uses).hint(hint.to_owned()).of_site()
}
