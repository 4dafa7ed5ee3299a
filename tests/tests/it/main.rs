//! Conformance suites and stories, in one binary.

mod commands;
