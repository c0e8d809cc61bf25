//! Which names a folder or a file may have.

/// The longest segment, in bytes. Encrypting file systems take no more than 143.
pub(super) const SEGMENT_MAX: usize = 100;
/// What starts the name of a hash folder. Not `.`, `_`, `#` or `~`: Jekyll drops such folders.
pub(super) const HASH_MARK: &str = "h~";
/// How many hexadecimal digits follow it.
pub(super) const HASH_DIGITS: usize = 12;

pub(super) fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._@+=,~-".contains(&byte)
}

/// Names that are something else: Windows devices (with any extension; those with `$` or a
/// superscript are outside our alphabet anyway), Git's own folder under its short name, and our
/// lockfile.
pub(super) fn is_reserved(segment: &str) -> bool {
    let name = segment.to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    let device = match stem {
        "con" | "prn" | "aux" | "nul" => true,
        _ => ["com", "lpt"].iter().any(|port| {
            stem.strip_prefix(port)
                .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
        }),
    };
    device || name == "git~1" || name == "inhouse.lock"
}

pub(super) fn looks_like_hash_folder(segment: &str) -> bool {
    let name = segment.to_ascii_lowercase();
    name.strip_prefix(HASH_MARK).is_some_and(|digits| {
        digits.len() == HASH_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
