//! One question to tirith: a process of its own, which gets the command as an argument and nothing else.
//!
//! What it prints is read as far as an answer may be long, and it is ended with all that it started when it prints
//! more, or when nobody waits any more. What the answer means is read elsewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hermes_plugin_api::backend::Exit;
use hermes_plugin_api::host::{EXIT, Host, STDERR, STDOUT, SpawnRequest};

/// Longest answer, in bytes.
const LONGEST: usize = 1 << 20;
/// Longest complaint: more is a program that runs wild.
const COMPLAINTS: usize = 8 << 20;
/// As much of a complaint is kept.
const KEPT: usize = 1000;

/// What it said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// How it ended.
    pub(crate) exit: Exit,
    /// What it printed.
    pub(crate) printed: Vec<u8>,
    /// The beginning of what it complained about.
    pub(crate) complaint: String,
}

/// The folder below the home for what tirith keeps, its own policy included.
pub(crate) fn state(home: &Path) -> PathBuf {
    home.join("tirith")
}

/// Variables by name.
pub(crate) type Env = BTreeMap<String, String>;

/// Asks about a command, with these variables and no others.
///
/// # Errors
/// What went wrong, in a few words: it could not be started, or printed too much.
pub(crate) async fn ask(host: &Host, program: &Path, command: &str, env: &Env) -> Result<Told, String> {
    let state = env.get("HOME").cloned().unwrap_or_default();
    std::fs::create_dir_all(&state).map_err(|error| format!("`{state}` cannot be made: {error}"))?;
    let argv = [&program.to_string_lossy(), "check", "--json", "--non-interactive", "--shell", "posix", "--", command];
    let request = SpawnRequest {
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        // Not where the command would run: a project must not bring a policy of its own.
        cwd: Some(state),
        env: env.clone(),
        ..SpawnRequest::default()
    };
    run(host, &request).await
}

/// All that tirith sees: of what it may see no more than `PATH`, and places below the home for what it keeps.
pub(crate) fn environment(may_see: &Env, home: &Path, online: bool) -> Env {
    let state = state(home);
    let below = |name: &str| state.join(name).display().to_string();
    let mut env = Env::from(
        [
            ("PATH", may_see.get("PATH").cloned().unwrap_or_default()),
            ("LANG", "C.UTF-8".to_owned()),
            ("HOME", state.display().to_string()),
            ("XDG_CACHE_HOME", below("cache")),
            ("XDG_CONFIG_HOME", below("config")),
            ("XDG_DATA_HOME", below("data")),
            ("XDG_STATE_HOME", below("state")),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if !online {
        env.insert("TIRITH_OFFLINE".to_owned(), "1".to_owned());
    }
    env
}

/// Runs a program to its end and keeps what it said.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn run(host: &Host, request: &SpawnRequest) -> Result<Told, String> {
    let process = host.spawn(request).await.map_err(|error| error.message)?;
    let mut told = Told::default();
    let (mut complaint, mut complained) = (Vec::new(), 0);
    while let Some(piece) = process.recv().await.map_err(|error| error.message)? {
        match piece.tag {
            STDOUT if told.printed.len() + piece.data.len() > LONGEST => {
                return Err(format!("it printed more than {} MiB", LONGEST >> 20));
            }
            STDOUT => told.printed.extend(piece.data),
            STDERR if complained + piece.data.len() > COMPLAINTS => {
                return Err(format!("it complained at a length of more than {} MiB", COMPLAINTS >> 20));
            }
            STDERR => {
                complained += piece.data.len();
                let room = KEPT.saturating_sub(complaint.len()).min(piece.data.len());
                complaint.extend(&piece.data[..room]);
            }
            EXIT => {
                told.exit = serde_json::from_slice(&piece.data).map_err(|error| error.to_string())?;
                told.complaint = String::from_utf8_lossy(&complaint).into_owned();
                return Ok(told);
            }
            _ => {}
        }
    }
    Err("it was lost".to_owned())
}
