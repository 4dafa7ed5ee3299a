//! What a plugin author uses.
pub mod command;
pub mod finding;
pub mod rule;
pub mod vocabulary;
