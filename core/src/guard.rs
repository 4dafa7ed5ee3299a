//! The guard: decides every effect, and is the only one that can allow it.

pub mod witness;
