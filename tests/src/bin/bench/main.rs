//! The numbers we promise, measured in one run on one machine: `bench PREFIX [--json]`.
//!
//! `cargo xtask bench` builds and calls it. Rows are facts, not tests: a busy machine makes them worse.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "it measures the clock and starts the programs that it measures")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod calls;
mod programs;
mod rows;
mod sessions;
mod texts;
mod turns;
mod urls;
mod verdict;

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
        [prefix] => table(Path::new(prefix), false),
        [prefix, "--json"] => table(Path::new(prefix), true),
        _ => Err("usage: bench PREFIX [--json]".into()),
    }
}

fn table(prefix: &Path, as_json: bool) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let home = scratch.path().join("home");
    let mut rows = Rows::default();
    programs::rows(&mut rows, prefix, scratch.path())?;
    calls::loading(&mut rows, prefix, &home)?;
    sessions::rows(&mut rows, prefix, scratch.path())?;
    let app = app(prefix, &home)?;
    calls::rows(&mut rows, &app)?;
    verdict::rows(&mut rows, &app)?;
    verdict::running(&mut rows, &app)?;
    urls::rows(&mut rows);
    texts::rows(&mut rows, &app);
    turns::rows(&mut rows)?;
    match as_json {
        true => println!("{}", rows.to_json()?),
        false => print!("{}", rows.to_table()),
    }
    Ok(())
}

/// Returns the program's parts over the plugins of a prefix, inside this process.
fn app(prefix: &Path, home: &Path) -> Result<App> {
    let bundle: PathBuf = prefix.join("lib/hermes");
    let catalogue = Catalogue::read(&bundle.join("catalogue.yaml"))?;
    let home = Home::at(home);
    let roots = Roots { extra: Vec::new(), home: home.root().to_owned(), bundle: Some(bundle) };
    let found = find(&roots)?;
    let variables = [("HOME", home.root().to_owned()), ("PATH", std::env::var_os("PATH").unwrap_or_default().into())];
    let ground = Ground { home, env: Environment::of(variables), roots, found, catalogue };
    let _guard = runtime().enter();
    App::start(ground, Vec::new()).map_err(|failure| failure.render().into())
}

/// The runtime of everything that is measured.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().expect("a runtime can be started"))
}
