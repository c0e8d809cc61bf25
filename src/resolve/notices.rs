//! What there is to say about decisions that end a run before anything is downloaded.

use std::path::Path;

use super::plan::Violation;
use crate::{
    findings::{Notice, Problem},
    integrity::Mismatch,
    lockfile::Version,
    policy::{Finding, Origin},
    read::url_uses::UrlUses,
    reference::SubresourceUrl,
};

/// There is no lockfile, and `--locked` asks for one.
pub(super) fn no_lockfile(path: &Path) -> Problem {
    Notice::new("no-lockfile", format!("there is no lockfile `{}`", path.display()))
        .hint("run `inhouse vendor` without --locked and commit the lockfile".to_owned())
        .of_site()
}

/// The plan would break a promise of the mode. `uses` is what names the URL.
pub(super) fn violation(violation: &Violation, uses: Option<&UrlUses>) -> Problem {
    let notice = match violation {
        Violation::NotLocked(url) => not_locked(url),
        Violation::NeedsNetwork(url) => needs_network(url),
        Violation::NeedsCompanions(url) => needs_companions(url),
    };
    notice.used_at(uses.map(UrlUses::places).unwrap_or_default()).of_site()
}

fn not_locked(url: &SubresourceUrl) -> Notice {
    let message = format!("`{url}` is not in the lockfile, and --locked forbids to add it");
    Notice::new("not-locked", message).hint(
        "run `inhouse vendor` without --locked, review the change and commit the lockfile"
            .to_owned(),
    )
}

/// A lockfile of an older version says all that a locked run needs, and is left as it is.
pub(super) fn old_lockfile(file: &Path, found: Version) -> Notice {
    let message = format!(
        "`{}` has lockfile version {}, and --locked forbids to upgrade it to version {}",
        file.display(),
        found.number(),
        Version::CURRENT.number()
    );
    Notice::new("old-lockfile", message)
        .hint("run `inhouse vendor` once without --locked and commit the lockfile".to_owned())
}

/// A locked file is not in the cache, and `--offline` forbids to download it.
pub fn needs_network(url: &SubresourceUrl) -> Notice {
    let message = format!("`{url}` is not in the cache, and --offline forbids to download it");
    Notice::new("needs-network", message).hint(
        "run `inhouse vendor` once with the network, or commit the files of the cache".to_owned(),
    )
}

fn needs_companions(url: &SubresourceUrl) -> Notice {
    let message = format!(
        "files that `{url}` loads beside itself are not in the cache, and --offline forbids to download them"
    );
    Notice::new("needs-network", message).hint(
        "run `inhouse vendor` once with the network, or commit the files of the cache".to_owned(),
    )
}

/// Pages load a script from the site that should have stayed external.
pub(super) fn missing_companions(url: &SubresourceUrl, reason: &str) -> Problem {
    let message = format!("pages load the local copy of `{url}` without the files that it needs");
    Notice::new("missing-companions", message)
        .detail("cause", reason)
        .hint(
            "build the site again and run `inhouse vendor`: the script then stays external; or say with \
             `companions` in a rule what is to come along"
                .to_owned(),
        )
        .of_site()
}

/// The policy denies the URL.
pub(super) fn denied(url: &SubresourceUrl, finding: &Finding, uses: &UrlUses) -> Problem {
    let by = match &finding.by {
        Origin::Rule(pattern) => format!("denied by your rule `{pattern}`"),
        Origin::BuiltIn(_) | Origin::Excluded(_) | Origin::NotIncluded => {
            "on the deny list".to_owned()
        }
    };
    let mut notice = Notice::new("denied", format!("`{url}` is {by}: {}", finding.reason));
    if let Some(source) = finding.sources.first() {
        notice = notice.detail("source", source);
    }
    if let Some(date) = &finding.date {
        notice = notice.detail("date", date);
    }
    if let Some(replacement) = &finding.replacement {
        notice = notice.detail("instead", replacement);
    }
    let hint = if uses.is_named_by_code() {
        "change the code that names it: tags can be removed, imports cannot"
    } else {
        "remove the tag, or let Inhouse do it with `--on-denied remove` or `--on-denied replace`"
    };
    notice.hint(hint.to_owned()).used_at(uses.places()).of_site()
}

/// A file of the cache is not the one that was locked.
pub(super) fn tampered(file: &Path, url: Option<&SubresourceUrl>, mismatch: &Mismatch) -> Problem {
    let message = format!("`{}` is not the file that was locked", file.display());
    let mut notice = Notice::new("tampered-cache", message)
        .detail("expected", format!("{}  (lockfile)", mismatch.expected))
        .detail("received", format!("{}  ({} bytes)", mismatch.received, mismatch.size));
    if let Some(url) = url {
        notice = notice.detail("url", url);
    }
    notice
        .hint("delete the file to have it downloaded and verified again; if Git changed its line ends, keep the cache's .gitattributes".to_owned())
        .of_site()
}
