//! Walks folders on several threads; what is not a file to scan becomes a ledger row, never silence.
use super::{File, failed, skipped};
use crate::model::coverage::{Exception, Reason};
use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState};
use std::io;
use std::path::{Path, PathBuf};

/// What to walk, and how.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// Folders and files.
    pub targets: Vec<PathBuf>,
    /// Only files whose path below the target, or name, matches; empty for all.
    pub include: GlobSet,
    /// No files and folders whose path below the target, or name, matches.
    pub exclude: GlobSet,
    /// Follow symbolic links; loops are found and reported.
    pub follow_links: bool,
    /// Honour .gitignore and its like, and leave out hidden files.
    pub respect_ignore: bool,
    /// Threads to walk on.
    pub jobs: usize,
}

/// Calls `each` on every file and every ledger row, on any of the threads, until it returns false.
///
/// `worker` makes the closure for one thread, which may hold that thread's buffers.
pub fn visit<'a, F>(walk: &'a Walk, worker: impl Fn() -> F)
where
    F: FnMut(Result<File, Exception>) -> bool + Send + 'a,
{
    let Some((first, rest)) = walk.targets.split_first() else { return };
    let mut builder = WalkBuilder::new(first);
    for target in rest {
        builder.add(target);
    }
    builder.standard_filters(walk.respect_ignore).follow_links(walk.follow_links).threads(threads(walk));
    let exclude = walk.exclude.clone();
    builder.filter_entry(move |entry| entry.depth() == 0 || !is_match(&exclude, entry));
    builder.build_parallel().run(|| {
        let mut each = worker();
        Box::new(move |entry| {
            let go_on = match entry {
                Ok(entry) => judge(entry, walk).is_none_or(&mut each),
                Err(error) => each(Err(row(&error, Path::new("")))),
            };
            if go_on { WalkState::Continue } else { WalkState::Quit }
        })
    });
}

/// A thread that has no file to take wakes every millisecond to look for one, and the last wake-up is waited for.
fn threads(walk: &Walk) -> usize {
    let targets = &walk.targets;
    let few = targets.len() < walk.jobs && targets.iter().all(|target| target.is_file());
    if few { targets.len() } else { walk.jobs }
}

/// A glob may name a path below the target or just a name.
fn is_match(globs: &GlobSet, entry: &DirEntry) -> bool {
    if globs.is_empty() {
        return false;
    }
    let depth = entry.depth().max(1);
    let parts: Vec<_> = entry.path().components().collect();
    let below: PathBuf = parts[parts.len().saturating_sub(depth)..].iter().collect();
    globs.is_match(&below) || globs.is_match(entry.file_name())
}

fn judge(entry: DirEntry, walk: &Walk) -> Option<Result<File, Exception>> {
    let kind = entry.file_type()?;
    if kind.is_dir() {
        return None;
    }
    let shown = || entry.path().to_string_lossy();
    if kind.is_symlink() && entry.depth() > 0 {
        let target = std::fs::read_link(entry.path()).map(|t| t.to_string_lossy().into_owned());
        return Some(Err(skipped(&shown(), Reason::Symlink, &target.unwrap_or_default())));
    }
    if !kind.is_file() && !kind.is_symlink() {
        return Some(Err(skipped(&shown(), Reason::SpecialFile, "")));
    }
    if !walk.include.is_empty() && !is_match(&walk.include, &entry) {
        return None;
    }
    Some(Ok(File { path: entry.into_path() }))
}

/// The ledger row for what the walker could not do.
fn row(error: &ignore::Error, path: &Path) -> Exception {
    match error {
        ignore::Error::WithPath { path, err } => row(err, path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => row(err, path),
        ignore::Error::Loop { ancestor, child } => {
            skipped(&child.to_string_lossy(), Reason::LinkLoop, &ancestor.to_string_lossy())
        }
        ignore::Error::Io(error) => failed(&path.to_string_lossy(), error),
        other => failed(&path.to_string_lossy(), &io::Error::other(other.to_string())),
    }
}
