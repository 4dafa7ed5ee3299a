//! Whole programs: processor time and memory of `--version`, of a listing, of a guarded command.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use crate::Result;
use crate::rows::Rows;

/// How many plugins are installed for the listing.
const INSTALLED: usize = 25;

/// Adds the rows of whole programs.
pub(crate) fn rows(rows: &mut Rows, prefix: &Path, scratch: &Path) -> Result<()> {
    let hermes = prefix.join("bin/hermes");
    let hermes = hermes.to_str().ok_or("the prefix is not UTF-8")?;
    let home = scratch.join("home-of-many");
    install_copies(prefix, &home)?;

    let version = usage(&home, 50, &[hermes, "--version"])?;
    rows.time("`hermes --version`, CPU", version.cpu, Some(Duration::from_millis(5)));
    rows.number("`hermes --version`, RSS", version.mib, "MiB", Some(6.0));
    let list = usage(&home, 50, &[hermes, "plugins", "list"])?;
    rows.time(format!("`hermes plugins list`, {INSTALLED} installed, CPU"), list.cpu, Some(Duration::from_millis(10)));
    rows.number(format!("`hermes plugins list`, {INSTALLED} installed, RSS"), list.mib, "MiB", None);
    let exec = usage(&scratch.join("home-of-one"), 10, &[hermes, "exec", "--", "true"])?;
    rows.time("`hermes exec -- true`, CPU", exec.cpu, None);
    rows.number("`hermes exec -- true`, RSS", exec.mib, "MiB", None);
    Ok(())
}

/// Puts copies of a bundled plugin into a home, each with its own id and name, and locks them.
fn install_copies(prefix: &Path, home: &Path) -> Result<()> {
    let bundled = prefix.join("lib/hermes/plugins/scanner-commands");
    let manifest = fs::read_to_string(bundled.join("plugin.yaml"))?;
    let library = bundled.join("libhermes_scanner_commands.so");
    let size = fs::metadata(&library)?.len();
    let mut lock = "version: 1\nplugins:\n".to_owned();
    for n in 0..INSTALLED {
        let dir = home.join(format!("plugins/copy-{n}"));
        fs::create_dir_all(&dir)?;
        let text = manifest.replace("scanner-commands", &format!("copy-{n}"));
        let text = text.replace("name: command-rules", &format!("name: copy-{n}"));
        fs::write(dir.join("plugin.yaml"), &text)?;
        fs::hard_link(&library, dir.join("libhermes_scanner_commands.so"))
            .or_else(|_| fs::copy(&library, dir.join("libhermes_scanner_commands.so")).map(drop))?;
        // A listing compares no hashes.
        lock.push_str(&format!(
            "  copy-{n}:\n    version: 0.1.0\n    source: path\n    files:\n      plugin.yaml: {{size: {}, sha256: '00'}}\n      \
             libhermes_scanner_commands.so: {{size: {size}, sha256: '00'}}\n",
            text.len()
        ));
    }
    fs::write(home.join("plugins.lock"), lock)?;
    Ok(())
}

/// What one run took.
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) mib: f64,
}

/// Runs a command some times in a child of ours, whose children are only these, and returns what one run took.
pub(crate) fn usage(home: &Path, runs: u32, command: &[&str]) -> Result<Usage> {
    let mut child = Command::new(std::env::current_exe()?);
    child.args(["measure", &runs.to_string()]).args(command).env("HERMES_HOME", home);
    // What is measured is hermes, and nothing is downloaded.
    child.env("HERMES_SECURITY_TIRITH_ENABLED", "false");
    let output = child.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [seconds, kib] if output.status.success() => {
            Ok(Usage { cpu: Duration::from_secs_f64(seconds / f64::from(runs)), mib: kib / 1024.0 })
        }
        _ => Err(format!("{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// What that child does: prints the seconds of all runs, and the largest memory in KiB.
pub(crate) fn measure(runs: u32, command: &[&str]) -> Result<()> {
    let (program, args) = command.split_first().ok_or("nothing to measure")?;
    for _ in 0..runs {
        let output = Command::new(program).args(args).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    println!("{} {}", seconds(usage.user_time()) + seconds(usage.system_time()), usage.max_rss());
    Ok(())
}
