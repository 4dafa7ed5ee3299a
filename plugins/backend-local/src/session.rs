//! A session: processes through the host's door, files through the standard library.
//!
//! It keeps no state between commands; that is the host's.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::host::SpawnRequest;
use hermes_plugin_api::prelude::*;

/// How much of a file is passed on at a time.
const CHUNK: usize = 64 * 1024;

pub(crate) struct LocalSession {
    host: Host,
    spec: SessionSpec,
    facts: SessionFacts,
}

impl LocalSession {
    pub(crate) fn open(host: Host, spec: SessionSpec) -> Result<Self> {
        let home = spec.env.get("HOME").filter(|home| home.starts_with('/')).map_or("/", String::as_str);
        let cwd = spec.cwd.as_deref().unwrap_or(home);
        if !Path::new(cwd).is_absolute() || !Path::new(cwd).is_dir() {
            return Err(PluginError::config(format!("`{cwd}` is not a directory")).with_hint("set `terminal.cwd`"));
        }
        let why = format!("Commands run on this machine as {}", user());
        let facts = SessionFacts { boundary: false, why, cwd: cwd.to_owned(), home: home.to_owned() };
        Ok(Self { host, facts, spec })
    }

    fn path(&self, path: &str) -> PathBuf {
        Path::new(&self.facts.cwd).join(path)
    }
}

impl BackendSession for LocalSession {
    fn facts(&self) -> SessionFacts {
        self.facts.clone()
    }

    async fn exec(&self, request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        let mut env = self.spec.env.clone();
        env.extend(request.env);
        let cwd = request.cwd.unwrap_or_else(|| self.facts.cwd.clone());
        let spawn = SpawnRequest { argv: request.argv, cwd: Some(cwd), env, merge_stderr: true, stdin: true };
        self.host.run(&spawn, input, output, cancel).await
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        let fault = |error: std::io::Error| PluginError::user(format!("Failed to read `{path}`: {error}"));
        let full = self.path(path);
        // Opening a pipe would wait for its writer, for ever.
        if !fs::metadata(&full).map_err(fault)?.is_file() {
            return Err(PluginError::user(format!("`{path}` is not a regular file")));
        }
        let mut file = File::open(full).map_err(fault)?;
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk).map_err(fault)? {
                0 => return Ok(()),
                n => output.write(&chunk[..n]).await?,
            }
        }
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        let fault = |error: std::io::Error| PluginError::user(format!("Failed to write `{path}`: {error}"));
        let id: String = self.host.random(8).iter().map(|byte| format!("{byte:02x}")).collect();
        replace(&self.path(path), &id, &data).map_err(fault)
    }

    async fn close(&self, _: Keep) -> Result<()> {
        Ok(())
    }
}

/// Puts new content in a file's place, keeping its mode; a link stays, and what it leads to is replaced.
fn replace(path: &Path, id: &str, data: &[u8]) -> std::io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{id}.tmp"));
    let temporary = path.with_file_name(name);
    let written = fill(&temporary, &path, data).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn fill(temporary: &Path, path: &Path, data: &[u8]) -> std::io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(temporary)?;
    if let Ok(old) = fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    file.write_all(data)?;
    file.sync_all()
}

/// The user that this process runs as.
fn user() -> String {
    let Ok(uid) = fs::metadata("/proc/self").map(|own| own.uid().to_string()) else { return "its user".to_owned() };
    let table = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let row = table.lines().map(|row| row.split(':').collect::<Vec<_>>()).find(|row| row.get(2) == Some(&uid.as_str()));
    row.map_or_else(|| format!("user {uid}"), |row| row[0].to_owned())
}
