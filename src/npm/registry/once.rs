//! Answers that many threads want, and that are asked for once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::RegistryError;

/// Answers that are asked for once, however many threads want them.
pub(super) struct OncePerKey<K, V> {
    answers: Mutex<HashMap<K, Arc<Answer<V>>>>,
}

type Answer<V> = OnceLock<Result<V, RegistryError>>;

impl<K, V> Default for OncePerKey<K, V> {
    fn default() -> Self {
        Self { answers: Mutex::default() }
    }
}

impl<K: Eq + Hash, V: Clone> OncePerKey<K, V> {
    /// The answer for `key`; `ask` runs at most once for it, without holding up other keys.
    pub fn get(
        &self,
        key: K,
        ask: impl FnOnce() -> Result<V, RegistryError>,
    ) -> Result<V, RegistryError> {
        let cell = {
            // No update of the map can be left half done, so it can be used after a panic.
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.entry(key).or_default().clone()
        };
        cell.get_or_init(ask).clone()
    }
}
