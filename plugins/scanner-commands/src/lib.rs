//! Dangerous command rules.

mod rules;
