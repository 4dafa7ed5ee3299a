//! The questions a rule asks of a [`Command`]: program, options, operands, what is written where.
//!
//! Everything here answers from the read value alone; nothing parses shell text, touches the file system or
//! knows a particular program's meaning.

use crate::command::{Command, Piece, Simple, Word};
