//! Conformance suites and stories, in one binary.

mod backend_local;
mod commands;
mod exec;
mod plugins;
mod prompt;
mod turn;
