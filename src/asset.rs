//! What pages load, by kind: one table of facts, from which every stage reads.

mod file_kind;
mod kind;

pub use self::{
    file_kind::FileKind,
    kind::{Address, AssetKind, Markup, Preload},
};
