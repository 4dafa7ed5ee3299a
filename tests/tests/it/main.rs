//! Conformance suites and stories, in one binary.

mod activity;
mod bad_input;
mod commands;
mod context;
mod context_check;
mod docker;
mod drawing;
mod editing;
mod egress;
mod everyday;
mod exec;
mod files;
mod memory;
mod models;
mod password;
mod pictures;
mod plugins;
mod prompt;
mod redact;
mod sessions;
mod slash;
mod ssh;
mod standing;
mod tirith;
mod turn;
mod window;
