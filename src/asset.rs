//! What pages load, by kind: one table of facts, from which every stage reads.

mod kind;

pub use self::kind::{Address, AssetKind, Markup};
