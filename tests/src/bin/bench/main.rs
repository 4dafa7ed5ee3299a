//! The numbers we promise, measured in one run on one machine: `bench PREFIX [--json] [--backends]`.
//!
//! `cargo xtask bench` builds and calls it. Rows are facts, not tests: a busy machine makes them worse.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "it measures the clock and starts the programs that it measures")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod backends;
mod calls;
mod programs;
mod rows;
mod sessions;
mod texts;
mod turns;
mod urls;
mod verdict;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use hermes_core::app::{App, Ground};
use hermes_core::config::environment::Environment;
use hermes_core::config::home::Home;
use hermes_core::plugin::catalogue::Catalogue;
use hermes_core::plugin::find::{Roots, find};

use crate::rows::Rows;

/// Anything may fail, and then there are no numbers.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // Children of this program, each in a process of its own.
        ["measure", runs, ref command @ ..] => programs::measure(runs.parse()?, command),
        ["load", prefix, home] => calls::load(&app(Path::new(prefix), Path::new(home))?),
        [prefix, ref options @ ..] if options.iter().all(|option| matches!(*option, "--json" | "--backends")) => {
            table(Path::new(prefix), options.contains(&"--json"), options.contains(&"--backends"))
        }
        _ => Err("usage: bench PREFIX [--json] [--backends]".into()),
    }
}

fn table(prefix: &Path, as_json: bool, only_backends: bool) -> Result<()> {
    let mut rows = Rows::default();
    if !only_backends {
        of_the_program(&mut rows, prefix)?;
    }
    backends::rows(&mut rows, prefix)?;
    match as_json {
        true => println!("{}", rows.to_json()?),
        false => print!("{}", rows.to_table()),
    }
    Ok(())
}

/// Adds what the program takes by itself.
fn of_the_program(rows: &mut Rows, prefix: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let home = scratch.path().join("home");
    programs::rows(rows, prefix, scratch.path())?;
    calls::loading(rows, prefix, &home)?;
    sessions::rows(rows, prefix, scratch.path())?;
    let app = app(prefix, &home)?;
    calls::rows(rows, &app)?;
    verdict::rows(rows, &app)?;
    verdict::running(rows, &app)?;
    urls::rows(rows);
    texts::rows(rows, &app);
    turns::rows(rows)
}

/// Returns the program's parts over the plugins of a prefix, inside this process.
fn app(prefix: &Path, home: &Path) -> Result<App> {
    app_with(prefix, home, &[])
}

/// As [`app`], with these variables.
fn app_with(prefix: &Path, home: &Path, variables: &[(&str, OsString)]) -> Result<App> {
    let bundle: PathBuf = prefix.join("lib/hermes");
    let catalogue = Catalogue::read(&bundle.join("catalogue.yaml"))?;
    let home = Home::at(home);
    let roots = Roots { extra: Vec::new(), home: home.root().to_owned(), bundle: Some(bundle) };
    let found = find(&roots)?;
    let own = [("HOME", home.root().into()), ("PATH", std::env::var_os("PATH").unwrap_or_default())];
    let variables = own.into_iter().chain(variables.iter().cloned());
    let ground = Ground { home, env: Environment::of(variables), roots, found, catalogue };
    let _guard = runtime().enter();
    App::start(ground, Vec::new()).map_err(|failure| failure.render().into())
}

/// The runtime of everything that is measured.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().expect("a runtime can be started"))
}
