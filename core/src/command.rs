//! Reads a command line once into what bash would run.
