//! The warnings of many pages, each once, in the order of the pages that give rise to them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use crate::findings::{Detail, Keep, Notice, by_name};

/// Warnings, each once: with the first page that gives rise to it, and its place in that page's list.
#[derive(Default)]
pub(super) struct Warnings {
    notices: BTreeMap<Words, (Arc<str>, usize, Notice)>,
}

/// What a warning says: its code, its message and its facts.
type Words = (&'static str, String, Vec<Detail>);

impl Warnings {
    /// Adds a warning about `page`.
    pub(super) fn add(&mut self, page: Arc<str>, notice: Notice, keep: Keep) {
        let number = self.notices.len();
        self.add_at(page, number, notice, keep);
    }

    fn add_at(&mut self, page: Arc<str>, number: usize, notice: Notice, keep: Keep) {
        let words = (notice.code, notice.message.clone(), notice.details.clone());
        match self.notices.entry(words) {
            Entry::Vacant(vacant) => drop(vacant.insert((page, number, notice))),
            Entry::Occupied(mut known) => {
                let (first, at, notices) = known.get_mut();
                if by_name(&page, first).is_lt() {
                    (*first, *at) = (page, number);
                }
                notices.uses.merge(notice.uses, keep);
            }
        }
    }

    /// Adds the warnings about other pages.
    pub(super) fn merge(&mut self, other: Self, keep: Keep) {
        for (page, number, notice) in other.notices.into_values() {
            self.add_at(page, number, notice, keep);
        }
    }

    /// The warnings, in the order of their pages.
    pub(super) fn finish(self) -> Vec<Notice> {
        let mut notices: Vec<_> = self.notices.into_values().collect();
        notices.sort_by(|(a, at, _), (b, other, _)| by_name(a, b).then(at.cmp(other)));
        let ordered = |mut notice: Notice| {
            notice.uses.sort();
            notice
        };
        notices.into_iter().map(|(_, _, notice)| ordered(notice)).collect()
    }
}
