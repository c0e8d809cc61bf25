//! Many files of one tree, one after the other.

use std::{
    ffi::OsStr,
    fs::{File, Metadata},
    io,
    path::{Path, PathBuf},
};

use super::{
    Folder,
    error::FolderError,
    tree::{Missing, Tree, not_a_plain_path},
};

/// Reads files of a tree and puts files into it, one after the other. The folder of the last file stays
/// open, so that a folder in which several files lie is opened once.
#[derive(Debug)]
pub struct Cursor<'t> {
    tree: &'t Tree,
    /// The folder of the last file, by its path.
    folder: Option<(PathBuf, Folder)>,
}

impl<'t> Cursor<'t> {
    /// A cursor in `tree`.
    pub fn new(tree: &'t Tree) -> Self {
        Self { tree, folder: None }
    }

    /// The tree.
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// As [`Tree::open_file`].
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open_file(&mut self, file: &Path) -> Result<Option<(File, Metadata)>, FolderError> {
        let opened = self.folder_of(file, Missing::IsAnError);
        match opened.ok().and_then(|(_, folder, name)| folder.read(name).ok()) {
            Some(opened) => Ok(Some(opened)),
            // Going name by name from the root finds out why.
            None => self.tree.open_file(file),
        }
    }

    /// As [`Tree::put`].
    ///
    /// # Errors
    /// [`FolderError`]; `file` is as it was.
    pub fn put(
        &mut self,
        file: &Path,
        fill: &dyn Fn(&mut File) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let (tree, folder, name) = self.folder_of(file, Missing::IsMade)?;
        tree.put_into(folder, file, name, fill)
    }

    /// The tree, the folder that a file lies in, and the file's name there.
    fn folder_of<'f>(
        &mut self,
        file: &'f Path,
        missing: Missing,
    ) -> Result<(&Tree, &Folder, &'f OsStr), FolderError> {
        let tree = self.tree;
        let (Some(name), Some(path)) = (file.file_name(), file.parent()) else {
            return Err(tree.failed(file, not_a_plain_path()));
        };
        let folder = match self.folder.take() {
            Some((known, folder)) if known.as_os_str() == path.as_os_str() => (known, folder),
            _ => (path.to_owned(), tree.descend(path, missing)?),
        };
        let (_, folder) = self.folder.insert(folder);
        Ok((tree, folder, name))
    }
}
