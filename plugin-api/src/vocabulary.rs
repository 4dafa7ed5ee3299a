//! The questions a rule asks of a [`Command`](crate::command::Command): program, options, operands, what is
//! written where, what flows into what.
//!
//! Everything here answers from the read value alone; nothing parses shell text, touches the file system or
//! the environment. An unknown word never answers yes by guessing: a question says what it does with one.

mod flow;
mod glob;
mod options;
mod path;
mod places;
mod signals;
mod simple;
mod targets;
mod word;
mod writers;
mod writes;

pub use options::{Opt, Parsed, Syntax};
pub use path::{Part, PathShape, Root};
pub use signals::Kill;
pub use word::known;
pub use writes::{Write, WriteKind};

#[cfg(test)]
mod tests;
