//! The address of a subresource: from the text of an attribute to a URL we can act on.
//!
//! Follows the URL Standard (through the `url` crate) and HTML's "document base URL": a value is
//! resolved against the first `<base href>` seen, itself resolved against the page's own URL. What
//! lies on the site's own origin is not ours to vendor; everything fetchable elsewhere is.

mod origin;
mod page_address;
mod subresource_url;

pub use self::{
    origin::{below, is_same_origin, is_unknown_origin, site_root},
    page_address::{ForeignBase, PageAddress, Target},
    subresource_url::{NotFetchable, SubresourceUrl},
};
