//! Addresses of CDNs that stay in the code of the site, although files came along from there.

use crate::{
    change::cdn_literals::StayingLiteral,
    findings::{Notice, Use},
};

/// A warning about each address that stays.
pub fn cdn_addresses(staying: &[(StayingLiteral, Use)]) -> Vec<Notice> {
    staying.iter().map(|(literal, place)| stays(literal).used_by([place.clone()])).collect()
}

fn stays(literal: &StayingLiteral) -> Notice {
    let message =
        format!("`{}` stays in the code of the site: it may still be asked for", literal.url);
    Notice::new("cdn-address-stays", message).detail("cause", literal.cause.words()).hint(
        "if the code loads files from there, give it the address of their folder in the vendor folder"
            .to_owned(),
    )
}
