//! Companions: the files of its own package that a vendored script loads at run time, beside itself.
//!
//! Where a script is known, a [`Recipe`] says which they are; recipes are data, in
//! `src/data/companions.toml`. Some depend on what the pages contain: [`Facts`] collects that from
//! their bytes. [`select()`] holds a recipe and facts against the list of files of the package, and
//! without a recipe takes the script's folder. [`digest`] makes one digest of all companions.
//!
//! Values in, values out: this room knows neither disk nor network nor the settings of a run. It does
//! not decide whether a script loads anything at all; that is for [`js`](crate::js) to say.

mod data;
pub mod digest;
mod edit;
mod facts;
mod inline_code;
mod names;
mod own_folder;
mod package_files;
mod path;
mod place;
mod recipe;
mod select;
mod token;

#[cfg(feature = "internals")]
pub use data::Pattern;
#[cfg(feature = "internals")]
pub use edit::EditError;
pub use edit::edited;
#[cfg(feature = "internals")]
pub use facts::Values;
pub use facts::{FactReader, Facts, Want, Wanted};
pub use package_files::{PackageFiles, path_of_list};
pub use place::Place;
pub use recipe::{CompanionPackage, Recipe, RecipeList};
pub use select::{Outcome, Override, Script, is_wanted, select, select_from};
#[cfg(feature = "internals")]
pub use select::{Reason, Selection};
