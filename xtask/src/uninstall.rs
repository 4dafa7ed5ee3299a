//! `cargo xtask uninstall`: removes exactly what `install` put into a prefix.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::install::default_prefix;
use crate::prefix::{RECORD, Record};

/// Remove what `install` put into a prefix
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where it was installed [default: ~/.local]
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let prefix = args.prefix.clone().map_or_else(default_prefix, Ok)?;
    let Some(record) = Record::read(&prefix)? else {
        bail!("Nothing is installed in `{}`: there is no `{RECORD}`", prefix.display());
    };
    record.remove_all(&prefix)?;
    println!("Removed {} files from {}", record.files.len() + 1, prefix.display());
    Ok(())
}
