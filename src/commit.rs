//! Committing: the only stage that writes. It takes what the stages before it have worked out and
//! verified, and decides nothing.

pub mod run_lock;
pub mod write;
