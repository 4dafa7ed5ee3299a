//! The `hermes` binary: flags, configuration, run; prints the one final error.
fn main() {}
