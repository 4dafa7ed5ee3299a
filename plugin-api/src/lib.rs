//! What a plugin author uses.
pub mod command;
pub mod finding;
mod vocabulary;
