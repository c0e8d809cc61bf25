//! Places of one notice or one URL: all of them where all are printed, else the first few and a count, so
//! that memory does not grow with the number of pages.

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::place::Use;

/// How many places are kept where few are.
const FEW: usize = 5;

/// How many places are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// All: they will be printed.
    #[default]
    All,
    /// The first few.
    Few,
}

/// Places, in the order of the pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    first: Vec<Use>,
    more: usize,
}

impl Places {
    /// The places that were kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Use> {
        self.first.iter()
    }

    /// The first place.
    pub fn first(&self) -> Option<&Use> {
        self.first.first()
    }

    /// How many places there are, with those that were not kept.
    pub fn count(&self) -> usize {
        self.first.len() + self.more
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Adds a place; pages may come in any order, the places of one page come in theirs.
    pub fn add(&mut self, place: Use, keep: Keep) {
        if keep == Keep::All {
            return self.first.push(place);
        }
        let at = self.first.partition_point(|known| by_page(known, &place).is_le());
        if at < FEW {
            self.first.insert(at, place);
        } else {
            self.more += 1;
        }
        self.shorten();
    }

    /// Adds the places that other pages have.
    pub fn merge(&mut self, other: Self, keep: Keep) {
        self.more += other.more;
        self.first.extend(other.first);
        if keep == Keep::Few {
            self.sort();
            self.shorten();
        }
    }

    /// Puts the places in the order of their pages.
    pub fn sort(&mut self) {
        self.first.sort_by(by_page);
    }

    /// Forgets all but the first few.
    pub fn thin(&mut self) {
        self.first.truncate(FEW);
    }

    fn shorten(&mut self) {
        self.more += self.first.len().saturating_sub(FEW);
        self.thin();
    }
}

/// The order in which pages come by their names: folder by folder.
pub fn by_name(a: &str, b: &str) -> Ordering {
    match a == b {
        true => Ordering::Equal,
        false => a.split('/').cmp(b.split('/')),
    }
}

/// The order in which places come; those in one page are equal.
pub fn by_page(a: &Use, b: &Use) -> Ordering {
    by_name(&a.page, &b.page)
}

impl Extend<Use> for Places {
    fn extend<T: IntoIterator<Item = Use>>(&mut self, places: T) {
        self.first.extend(places);
    }
}

impl FromIterator<Use> for Places {
    fn from_iter<T: IntoIterator<Item = Use>>(places: T) -> Self {
        Self { first: places.into_iter().collect(), more: 0 }
    }
}

impl<'p> IntoIterator for &'p Places {
    type Item = &'p Use;
    type IntoIter = std::slice::Iter<'p, Use>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// As a list. What was not kept is not there.
impl Serialize for Places {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.first.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|first: Vec<Use>| first.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(page: &str, line: usize) -> Use {
        Use { page: page.into(), line, column: 1, tag: "script".into() }
    }

    #[test]
    fn folders_come_where_their_names_do() {
        let mut places: Places = ["b.html", "a/z.html", "a.html", "a/b/c.html"]
            .map(|page| place(page, 1))
            .into_iter()
            .collect();
        places.sort();
        let pages: Vec<_> = places.iter().map(|place| &*place.page).collect();
        assert_eq!(pages, ["a/b/c.html", "a/z.html", "a.html", "b.html"]);
    }

    proptest! {
        #[test]
        fn few_are_the_first_of_all_in_whatever_order_pages_come(
            mut pages in prop::collection::btree_map("[a-c]{1,2}(/[a-c])?", 1_usize..4, 0..12)
                .prop_map(|pages| pages.into_iter().collect::<Vec<_>>()).prop_shuffle(),
            split in 0_usize..12,
        ) {
            let uses = |pages: &[(String, usize)], keep| {
                let mut places = Places::default();
                for (page, lines) in pages {
                    (1..=*lines).for_each(|line| places.add(place(page, line), keep));
                }
                places
            };
            let (a, b) = pages.split_at(split.min(pages.len()));
            let mut few = uses(a, Keep::Few);
            few.merge(uses(b, Keep::Few), Keep::Few);
            pages.sort();
            let mut all = uses(&pages, Keep::All);
            all.sort();
            prop_assert_eq!(few.count(), all.count());
            prop_assert!(few.iter().eq(all.iter().take(FEW)));
        }
    }
}
