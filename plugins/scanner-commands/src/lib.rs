//! Dangerous command rules.
