//! The tool that reads a file, in pages of lines.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use encoding_rs::Decoder;
use hermes_plugin_api::file::{FileHead, FileKind, FileRead};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallResult, Tool};
use serde::Deserialize;
use serde_json::json;

use crate::Job;
use crate::text::Form;

pub(crate) const NAME: &str = "read_file";

/// Lines of a page when the model does not say.
const LINES: u64 = 500;
/// Most characters of a page.
const PAGE: usize = 60_000;
/// Longest line that is shown, in characters.
const WIDTH: usize = 2_000;
/// How many lines after the page are counted, at least, to say how long the file is: those of this many bytes.
const COUNTED: u64 = 16 << 20;

const DESCRIPTION: &str = "\
Read a text file, with line numbers, a page at a time. The numbers and the bar after them are not part of the file.

Use `offset` and `limit` for another page. Binary files are named and not shown. Files that hold secrets (.env, keys, \
credentials) are refused: do not look for another way to read them.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    path: String,
    offset: Option<u64>,
    limit: Option<u64>,
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
            "offset": { "type": "integer", "minimum": 1, "description": "The first line, counted from 1. Default 1." },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": 2_000,
                "description": "The number of lines. Default 500.",
            },
        },
        "required": ["path"],
        "additionalProperties": false,
    });
    Tool {
        name: NAME.to_owned(),
        description: DESCRIPTION.to_owned(),
        input_schema,
        read_only: true,
        parallel: true,
        idempotent: true,
        ..Tool::default()
    }
}

pub(crate) async fn call(job: &Job<'_>, arguments: Arguments) -> Result<CallResult> {
    let Arguments { path, offset, limit } = arguments;
    let page = Arc::new(Mutex::new(Page::new(offset.unwrap_or(1), limit.unwrap_or(LINES))));
    let taking = page.clone();
    let each = move |piece: &[u8]| taking.lock().unwrap_or_else(PoisonError::into_inner).take(piece);
    let request = FileRead { token: job.token.clone(), path: path.clone(), ..FileRead::default() };
    let head = job.host.file_read(&request, each, job.cancel).await?;
    match head.kind {
        FileKind::File => {}
        FileKind::Missing => return Err(PluginError::user(format!("There is no file `{}`", head.path))),
        FileKind::Folder => {
            return Err(PluginError::user(format!("`{}` is a folder", head.path))
                .with_hint("list it with search_files and `files_only`"));
        }
        FileKind::Other => return Err(PluginError::user(format!("`{}` is not a regular file", head.path))),
    }
    let mut page = std::mem::take(&mut *page.lock().unwrap_or_else(PoisonError::into_inner));
    page.finish();
    if page.binary {
        let (path, size) = (&head.path, head.size);
        return Ok(CallResult::text(format!("`{path}` is a binary file of {size} bytes; it is not shown")));
    }
    job.seen.note(&job.session, &head.path, &head.version);
    Ok(CallResult::text(page.shown(&head)))
}

/// Lines of a file, as they come.
#[derive(Default)]
pub(crate) struct Page {
    first: u64,
    limit: u64,
    form: Option<Form>,
    decoder: Option<Decoder>,
    binary: bool,
    bytes: u64,
    /// The line that is being read, as far as it is shown.
    line: String,
    /// It has characters that are not shown.
    cut: bool,
    begun: bool,
    /// Lines that have ended.
    lines: u64,
    text: String,
    shown: u64,
    chars: usize,
    /// Nobody looked any further.
    stopped: bool,
}

impl Page {
    pub(crate) fn new(first: u64, limit: u64) -> Self {
        Self { first: first.max(1), limit, ..Self::default() }
    }

    pub(crate) fn take(&mut self, piece: &[u8]) -> ControlFlow<()> {
        if self.decoder.is_none() {
            let Some(form) = Form::of(piece, false) else {
                self.binary = true;
                return ControlFlow::Break(());
            };
            (self.form, self.decoder) = (Some(form), Some(form.encoding.new_decoder_with_bom_removal()));
        }
        self.bytes += piece.len() as u64;
        self.decode(piece, false);
        if self.is_full() && self.bytes > COUNTED {
            self.stopped = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    pub(crate) fn finish(&mut self) {
        self.decode(&[], true);
        if self.begun && !self.stopped {
            self.end_line();
        }
    }

    fn is_full(&self) -> bool {
        self.shown >= self.limit || self.chars >= PAGE
    }

    fn decode(&mut self, piece: &[u8], last: bool) {
        let Some(mut decoder) = self.decoder.take() else { return };
        let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(piece.len().saturating_mul(3));
        let mut text = String::with_capacity(room + 16);
        let _ = decoder.decode_to_string(piece, &mut text, last);
        self.decoder = Some(decoder);
        self.add(&text);
    }

    fn add(&mut self, text: &str) {
        let mut rest = text;
        while let Some((line, after)) = rest.split_once('\n') {
            self.extend(line);
            self.end_line();
            rest = after;
        }
        if !rest.is_empty() {
            self.extend(rest);
        }
    }

    fn extend(&mut self, part: &str) {
        self.begun = true;
        if self.lines + 1 < self.first || self.is_full() {
            return;
        }
        // Four bytes for each character are enough to know that there are more.
        let room = (4 * WIDTH).saturating_sub(self.line.len());
        let end = part.floor_char_boundary(room);
        self.line.push_str(&part[..end]);
        self.cut |= end < part.len();
    }

    fn end_line(&mut self) {
        self.lines += 1;
        self.begun = false;
        let line = std::mem::take(&mut self.line);
        let cut = std::mem::take(&mut self.cut);
        if self.lines < self.first || self.is_full() {
            return;
        }
        let line = line.trim_end_matches('\r');
        let end = line.char_indices().nth(WIDTH).map(|(at, _)| at);
        let mark = if cut || end.is_some() { " [line cut]" } else { "" };
        let row = format!("{:>6}|{}{mark}\n", self.lines, &line[..end.unwrap_or(line.len())]);
        self.chars += row.chars().count();
        self.text.push_str(&row);
        self.shown += 1;
    }

    pub(crate) fn shown(&self, head: &FileHead) -> String {
        let mut notes = Vec::new();
        if let Some(form) = self.form.and_then(Form::told) {
            notes.push(form);
        }
        let last = self.first + self.shown.saturating_sub(1);
        if self.shown == 0 {
            notes.push(match self.lines {
                0 => "the file is empty".to_owned(),
                lines => format!("the file has {lines} lines, and line {} is asked for", self.first),
            });
        } else if self.stopped {
            notes.push(format!("lines {} to {last} of a file of {} bytes; more follow", self.first, head.size));
        } else if self.shown < self.lines {
            notes.push(format!("lines {} to {last} of {}", self.first, self.lines));
        }
        match notes.is_empty() {
            true => self.text.clone(),
            false => format!("{}[{}]", self.text, notes.join("; ")),
        }
    }
}
