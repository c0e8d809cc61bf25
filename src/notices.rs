//! What the owner of a site should know about decisions and files: one function for each subject, from
//! values to warnings.

pub mod cdn_addresses;
pub mod decisions;
pub mod links;
pub mod stale_copies;
pub mod unfollowed;
pub mod vendored;
