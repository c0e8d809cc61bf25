//! The values that `{name}` has in the globs of a recipe.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

use super::{
    data::{NameSource, Need},
    facts::Facts,
    recipe::want_of,
};

/// What stands for `{name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// These.
    Known(BTreeSet<String>),
    /// A page computes some of them, so every name must count.
    Any,
}

/// The names that the pages and the script's own address give.
pub(super) fn names(need: &Need, facts: &Facts, query: Option<&str>) -> Names {
    let mut known = BTreeSet::new();
    for source in &need.names {
        if !add(source, facts, query, &mut known) {
            return Names::Any;
        }
    }
    let known = known.into_iter().map(|name| with_prefix_replaced(need, name)).collect();
    Names::Known(with_what_they_bring(need, known))
}

/// Adds the names of one source, each of whose values may list several; `false` if not all of them are known.
fn add(
    source: &NameSource,
    facts: &Facts,
    query: Option<&str>,
    known: &mut BTreeSet<String>,
) -> bool {
    if let NameSource::Query { query: parameter } = source {
        known.extend(query.into_iter().flat_map(|query| values_in_query(query, parameter)));
    }
    let Some(values) = want_of(source).and_then(|want| facts.get(&want)) else { return true };
    let texts = values.texts.iter().flat_map(|text| text.split([' ', ',']));
    known.extend(texts.filter(|text| !text.is_empty()).map(str::to_owned));
    !values.has_unknown
}

/// The values of `parameter`, each of which may list several, by comma.
fn values_in_query(query: &str, parameter: &str) -> Vec<String> {
    let pairs = query.trim_start_matches('?').split(['&', ';']);
    let values = pairs.filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name == parameter).then(|| percent_decode_str(value).decode_utf8_lossy().into_owned())
    });
    values.flat_map(|value| value.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn with_prefix_replaced(need: &Need, name: String) -> String {
    let replaced = need.prefixes.iter().find_map(|(prefix, folder)| {
        Some(format!("{folder}{}", name.strip_prefix(prefix.as_str())?))
    });
    replaced.unwrap_or(name)
}

/// The names, what they bring, what that brings, and so on.
fn with_what_they_bring(need: &Need, names: BTreeSet<String>) -> BTreeSet<String> {
    let mut all = names.clone();
    let mut waiting: Vec<String> = names.into_iter().collect();
    while let Some(name) = waiting.pop() {
        for brought in need.brings.get(&name).into_iter().flatten() {
            if all.insert(brought.clone()) {
                waiting.push(brought.clone());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_may_list_several_values() {
        let values = values_in_query("V=1&config=TeX-AMS_CHTML%2CSafe,local/a", "config");
        assert_eq!(values, ["TeX-AMS_CHTML", "Safe", "local/a"]);
    }
}
