//! Reads every page of a tree once, and does nothing with it: what any tool has to spend.
//!
//! One thread, one buffer, one `read` for each page that fits into it. Built by `rustc -O`, with
//! nothing but the standard library. Usage: `read TREE`.

use std::{
    env, fs,
    io::{self, Read},
    path::Path,
};

fn main() -> io::Result<()> {
    let tree = env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: read TREE"))?;
    let mut buffer = vec![0; 256 << 10];
    let (mut pages, mut bytes) = (0, 0);
    walk(Path::new(&tree), &mut |page| {
        pages += 1;
        bytes += read(page, &mut buffer)?;
        Ok(())
    })?;
    println!("{pages} pages, {bytes} bytes");
    Ok(())
}

/// Follows no links, as the pages of a site are found without them.
fn walk(folder: &Path, visit: &mut impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() {
            walk(&path, visit)?;
        } else if kind.is_file() && path.extension().is_some_and(|end| end == "html") {
            visit(&path)?;
        }
    }
    Ok(())
}

fn read(page: &Path, buffer: &mut [u8]) -> io::Result<usize> {
    let mut file = fs::File::open(page)?;
    let mut total = 0;
    loop {
        let length = file.read(buffer)?;
        total += length;
        // A page that leaves room has been read to its end.
        if length < buffer.len() {
            return Ok(total);
        }
    }
}
