//! The tool that writes a file whole, and what writing has in common: what the model knows, the diff, the words.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_api::file::{Expect, FileHead, FileKind, FileRead, FileWrite, LARGEST_WRITE};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallResult, Progress, Tool};
use serde::Deserialize;
use serde_json::json;

use crate::text::{Form, line_end, with_line_ends};
use crate::{Job, diff};

pub(crate) const NAME: &str = "write_file";

/// What stands in the place of secrets in what the model was shown.
const REDACTED: &str = "[REDACTED]";

const DESCRIPTION: &str = "\
Write a text file whole; folders on the way are made. What was there is replaced, keeping its encoding, byte order \
mark and line ends. Use `patch` to change parts of a file.

The person sees what changed and can take it back. Protected places (the agent's own settings, start-up files of \
shells, credentials) are asked about first; when one is refused, do not try another way.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    path: String,
    content: String,
}

pub(crate) fn tool() -> Tool {
    let input_schema = json!({
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "minLength": 1,
                "maxLength": 4096,
                "description": "The file: absolute, relative to the working directory, or with ~/.",
            },
            "content": { "type": "string", "description": "All of its new content." },
        },
        "required": ["path", "content"],
        "additionalProperties": false,
    });
    Tool {
        name: NAME.to_owned(),
        description: DESCRIPTION.to_owned(),
        input_schema,
        destructive: true,
        idempotent: true,
        ..Tool::default()
    }
}

pub(crate) async fn call(job: &Job<'_>, arguments: Arguments) -> Result<CallResult> {
    let Arguments { path, content } = arguments;
    let file = match Loaded::load(job, &path).await {
        // The guard asks a person about this: without a look at what is there.
        Err(error) if error.code == ErrorCode::DENIED => return blind(job, &path, content).await,
        file => file?,
    };
    file.check_known(job)?;
    let content = match &file.text {
        Some(old) => with_line_ends(&content, line_end(old)),
        None => content,
    };
    let change = Change { file, new: content };
    Ok(CallResult::text(change.apply(job, "").await?))
}

async fn blind(job: &Job<'_>, path: &str, content: String) -> Result<CallResult> {
    let request = FileWrite {
        token: job.token.clone(),
        path: path.to_owned(),
        content: content.into_bytes().into(),
        expect: Expect::Anything,
    };
    let written = job.host.file_write(&request, job.cancel).await?;
    Ok(CallResult::text(format!("Wrote `{}`. What was there is not shown: it may hold secrets.", written.path)))
}

/// A file as it is now, or the place of one that is not there.
pub(crate) struct Loaded {
    pub(crate) head: FileHead,
    pub(crate) form: Form,
    /// Its text; absent when there is no file.
    pub(crate) text: Option<String>,
    /// It is there, and no text.
    binary: bool,
}

impl Loaded {
    pub(crate) async fn load(job: &Job<'_>, path: &str) -> Result<Self> {
        let data: Arc<Mutex<Vec<u8>>> = Arc::default();
        let taking = data.clone();
        let each = move |piece: &[u8]| {
            let mut data = taking.lock().unwrap_or_else(PoisonError::into_inner);
            data.extend_from_slice(piece);
            if data.len() > LARGEST_WRITE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let request = FileRead { token: job.token.clone(), path: path.to_owned(), ..FileRead::default() };
        let head = job.host.file_read(&request, each, job.cancel).await?;
        let data = std::mem::take(&mut *data.lock().unwrap_or_else(PoisonError::into_inner));
        match head.kind {
            FileKind::Folder => return Err(PluginError::user(format!("`{}` is a folder", head.path))),
            FileKind::Other => return Err(PluginError::user(format!("`{}` is not a regular file", head.path))),
            FileKind::Missing => return Ok(Self { head, form: Form::PLAIN, text: None, binary: false }),
            FileKind::File if data.len() > LARGEST_WRITE => {
                let message = format!("`{}` is longer than {LARGEST_WRITE} bytes", head.path);
                return Err(PluginError::user(message).with_hint("edit it with a command"));
            }
            FileKind::File => {}
        }
        let form = Form::of(&data, true);
        let text = form.map(|form| form.decode(&data)).transpose()?;
        Ok(Self { head, form: form.unwrap_or(Form::PLAIN), binary: text.is_none(), text })
    }

    /// # Errors
    /// `USER` when the file is not what the model was shown.
    pub(crate) fn check_known(&self, job: &Job<'_>) -> Result<()> {
        let path = &self.head.path;
        if self.head.kind == FileKind::File && job.seen.is_stale(&job.session, path, &self.head.version) {
            return Err(PluginError::user(format!("`{path}` has changed since you read it, so it was not written"))
                .with_hint("read it again, and then decide what to change"));
        }
        Ok(())
    }

    /// # Errors
    /// `USER` when there is no text to change.
    pub(crate) fn text(&self) -> Result<&str> {
        match &self.text {
            Some(text) => Ok(text),
            None if self.binary => Err(PluginError::user(format!("`{}` is a binary file", self.head.path))),
            None => Err(PluginError::user(format!("There is no file `{}`", self.head.path))),
        }
    }
}

/// A change of one file.
pub(crate) struct Change {
    pub(crate) file: Loaded,
    pub(crate) new: String,
}

impl Change {
    /// # Errors
    /// `USER` when the new text has marks of secrets that the model never saw, which would destroy them.
    pub(crate) fn check(&self) -> Result<()> {
        let count = |text: &str| text.matches(REDACTED).count();
        if count(&self.new) > self.file.text.as_deref().map_or(0, count) {
            let path = &self.file.head.path;
            return Err(PluginError::user(format!(
                "The new text of `{path}` has `{REDACTED}` in it, in the place of a secret"
            ))
            .with_hint("change only the other lines, with `patch`"));
        }
        Ok(())
    }

    /// Writes it, shows it to the person, and returns what the model reads: the diff of what was really done.
    ///
    /// # Errors
    /// What the host reports; nothing is half-written then.
    pub(crate) async fn apply(self, job: &Job<'_>, note: &str) -> Result<String> {
        self.check()?;
        let Self { file, new } = self;
        let path = &file.head.path;
        if file.text.as_deref() == Some(new.as_str()) {
            return Ok(format!("`{path}` is this already; nothing was written."));
        }
        let diff = match file.binary {
            true => format!("`{path}` was a binary file\n"),
            false => diff::unified(path, file.text.as_deref(), &new),
        };
        let expect = match file.head.kind {
            FileKind::Missing => Expect::Missing,
            _ => Expect::Version(file.head.version.clone()),
        };
        let content = file.form.encode(&new)?.into();
        let request = FileWrite { token: job.token.clone(), path: path.clone(), content, expect };
        let written = job.host.file_write(&request, job.cancel).await?;
        job.seen.note(&job.session, &written.path, &written.version);
        // A watcher who is gone does not undo what was done.
        let _ = job.progress.push(&Progress::diff(diff.clone())).await;
        let unsaved = written.unsaved.map(|why| format!("\n[It cannot be taken back with /rollback: {why}]"));
        let verb = if file.text.is_some() || file.binary { "Changed" } else { "Created" };
        let form = file.form.told().map(|form| format!(" ({form})")).unwrap_or_default();
        Ok(format!("{verb} `{}`{form}{note}:\n{diff}{}", written.path, unsaved.unwrap_or_default()))
    }
}
