//! Files that lie in a vendor folder itself, beside the folders of hosts; and which vendored files are there.

use std::collections::BTreeSet;

use super::{Admitted, StoreError, VendorFolder};
use crate::vendor_path::VendorPath;

impl VendorFolder {
    /// Reads the file `name` of the folder; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Link`], [`StoreError::Foreign`] or [`StoreError::Io`].
    pub fn read_root_file(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_at(&self.name.join(name))
    }

    /// Whether `bytes` may be written as the file `name`: there is nothing, or just that, or a file that
    /// `is_ours`; and permissions allow it.
    ///
    /// # Errors
    /// [`StoreError::Foreign`], [`StoreError::Link`] or [`StoreError::Io`].
    pub fn admit_root_file(
        &self,
        name: &str,
        bytes: &[u8],
        is_ours: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Admitted, StoreError> {
        if self.read_root_file(name)?.is_some_and(|there| there == bytes) {
            return Ok(Admitted::Same);
        }
        self.verify_root_file(name, is_ours)?;
        self.may_write(&self.name)?;
        Ok(Admitted::New)
    }

    /// Whether the file `name` is not there or one that `is_ours`.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] if it is neither, [`StoreError::Link`] or [`StoreError::Io`].
    pub fn verify_root_file(
        &self,
        name: &str,
        is_ours: impl FnOnce(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        match self.read_root_file(name)? {
            Some(there) if !is_ours(&there) => Err(StoreError::Foreign(self.path().join(name))),
            None | Some(_) => Ok(()),
        }
    }

    /// Writes the file `name`, which was admitted, and makes it durable.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Link`] or [`StoreError::Foreign`].
    pub fn write_root_file(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write_at(vec![(self.name.join(name), bytes)])
    }

    /// Those of `files` that are there. What lies behind a link is not.
    pub fn held<'f>(
        &self,
        files: impl IntoIterator<Item = &'f VendorPath>,
    ) -> BTreeSet<&'f VendorPath> {
        let Ok(Some(tree)) = self.tree() else { return BTreeSet::new() };
        let is_there = |file: &&VendorPath| {
            tree.open_file(&file.to_path(&self.name)).is_ok_and(|found| found.is_some())
        };
        files.into_iter().filter(is_there).collect()
    }
}
