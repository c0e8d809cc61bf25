//! What a page loads, followed from script to script.
//!
//! Pure: it follows the modules it is given and returns those still to be fetched, so that fetching
//! and following take turns until nothing is missing. Which module waits for which is defined by HTML,
//! "fetch the descendants of and link a module script" (8.1.3.9), and for workers, which have no
//! import map, by "run a worker" (10.2.4).

use url::Url;

use super::{
    import_map::ImportMap,
    walk::{Context, Walk},
};
pub use super::{
    reached::{Broken, Closure, Found, Module, Reached, Referrer, Root},
    request::{Entry, Reach, Request, Use},
    walk::foreign_worker,
};

/// A page, as far as its graph is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The document's base URL.
    pub base: &'a Url,
    /// What all its import maps mean together.
    pub map: &'a ImportMap,
    /// Its scripts, in document order.
    pub roots: &'a [Root<'a>],
}

/// Follows what `page` loads through the modules that `find` knows.
pub fn trace<'m>(page: &Page<'_>, find: impl Fn(&Request) -> Found<'m>) -> Closure {
    let context = Context { base: page.base, map: page.map };
    let mut walk = Walk::begin(&context, page.roots);
    walk.follow(&context, &find);
    walk.into_closure()
}
