//! The `hermes` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(hermes_core::cli::main(std::env::args_os().collect()))
}
