//! The tool that searches: in the content of files, or for their names.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use grep_matcher::Matcher as _;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink as Finds, SinkContext, SinkMatch};
use hermes_plugin_api::file::{FileEntry, FileWalk, Walked};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallResult, Tool};
use serde::Deserialize;
use serde_json::json;

use crate::Job;

pub(crate) const NAME: &str = "search_files";

/// Results when the model does not say.
const RESULTS: usize = 100;
/// Most characters of all results.
const TEXT: usize = 40_000;
/// Longest line that is shown, in characters.
const WIDTH: usize = 300;
/// Longest file that is searched, in bytes.
const LARGEST: u64 = 16 << 20;

const DESCRIPTION: &str = "\
Search the files below a folder, much faster than grep or find in the terminal. What .gitignore leaves out and what is \
hidden is left out, unless `all` is set; binary files and files that hold secrets always are.

With `pattern` (a regular expression, as in ripgrep) the lines that match are returned, as path:line:text. With \
`files_only` just the paths: of files with a match, or without `pattern` of all files. `globs` narrow it down.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    pattern: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    globs: Vec<String>,
    #[serde(default)]
    files_only: bool,
    #[serde(default)]
    ignore_case: bool,
    #[serde(default)]
    literal: bool,
    #[serde(default)]
    all: bool,
    context: Option<usize>,
    limit: Option<usize>,
    offset: Option<usize>,
}

pub(crate) fn tool() -> Tool {
    let input_schema = json!({
        "type": "object",
        "properties": {
            "pattern": { "type": "string", "minLength": 1, "maxLength": 4096, "description": "What to look for." },
            "path": {
                "type": "string",
                "minLength": 1,
                "maxLength": 4096,
                "description": "The folder, or one file. Default: the working directory.",
            },
            "globs": {
                "type": "array",
                "maxItems": 50,
                "items": { "type": "string", "minLength": 1, "maxLength": 1024 },
                "description": "Of which one must match, as in .gitignore: *.rs, src/**/*.c, !tests. Default: all files.",
            },
            "files_only": { "type": "boolean", "default": false, "description": "Return paths, not lines." },
            "ignore_case": { "type": "boolean", "default": false },
            "literal": { "type": "boolean", "default": false, "description": "The pattern is plain text." },
            "all": { "type": "boolean", "default": false, "description": "Also what is hidden or ignored." },
            "context": {
                "type": "integer",
                "minimum": 0,
                "maximum": 20,
                "description": "Lines to show before and after each match. Default 0.",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": 1_000,
                "description": "Most matching lines, or paths. Default 100.",
            },
            "offset": { "type": "integer", "minimum": 0, "description": "Leave out so many of them first. Default 0." },
        },
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
    let Arguments { pattern, path, globs, files_only, ignore_case, literal, all, context, limit, offset } = arguments;
    let matcher = pattern.as_deref().map(|pattern| matcher(pattern, ignore_case, literal)).transpose()?;
    if matcher.is_none() && !files_only {
        return Err(PluginError::user("Give a `pattern`, or set `files_only` to list files"));
    }
    let request = FileWalk {
        token: job.token.clone(),
        path: path.unwrap_or_else(|| ".".to_owned()),
        globs,
        all,
        contents: matcher.is_some().then_some(LARGEST),
        ..FileWalk::default()
    };
    let results = Results { limit: limit.unwrap_or(RESULTS), skip: offset.unwrap_or(0), ..Results::default() };
    let found = Arc::new(Mutex::new(results));
    let finding = found.clone();
    let mut searcher = searcher(context.unwrap_or(0));
    let each = move |entry: FileEntry, content: &[u8]| {
        let mut results = finding.lock().unwrap_or_else(PoisonError::into_inner);
        match &matcher {
            None => results.name(&entry.path),
            Some(matcher) if files_only => {
                if has_match(&mut searcher, matcher, content) {
                    results.name(&entry.path);
                }
            }
            Some(matcher) => {
                results.file = entry.path;
                results.named = false;
                // Our own end of it never fails, and a content in memory can be read.
                let _ = searcher.search_slice(matcher, content, &mut *results);
            }
        }
        if results.full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let walked = job.host.file_walk(&request, each, job.cancel).await?;
    let results = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(CallResult::text(results.shown(&walked)))
}

fn matcher(pattern: &str, ignore_case: bool, literal: bool) -> Result<RegexMatcher> {
    let mut builder = RegexMatcherBuilder::new();
    builder.case_insensitive(ignore_case).fixed_strings(literal).multi_line(true).line_terminator(Some(b'\n'));
    builder.size_limit(8 << 20).dfa_size_limit(16 << 20);
    builder.build(pattern).map_err(|error| {
        PluginError::user(format!("`{pattern}` is not a pattern: {error}"))
            .with_hint("it is a regular expression for single lines; set `literal` for plain text")
    })
}

fn searcher(context: usize) -> Searcher {
    let mut builder = SearcherBuilder::new();
    builder.line_number(true).before_context(context).after_context(context);
    builder.binary_detection(BinaryDetection::quit(0)).bom_sniffing(true).build()
}

fn has_match(searcher: &mut Searcher, matcher: &RegexMatcher, content: &[u8]) -> bool {
    // Most files have none, which is quickly known; where there is one it must stand in text.
    if !matcher.is_match(content).unwrap_or(false)
        && !content.starts_with(b"\xff\xfe")
        && !content.starts_with(b"\xfe\xff")
    {
        return false;
    }
    struct First(bool);
    impl Finds for First {
        type Error = std::io::Error;

        fn matched(&mut self, _: &Searcher, _: &SinkMatch<'_>) -> std::result::Result<bool, Self::Error> {
            self.0 = true;
            Ok(false)
        }
    }
    let mut first = First(false);
    let _ = searcher.search_slice(matcher, content, &mut first);
    first.0
}

/// What was found so far.
#[derive(Default)]
struct Results {
    limit: usize,
    skip: usize,
    text: String,
    found: usize,
    /// No more are taken.
    full: bool,
    file: String,
    /// Something of this file stands in the text.
    named: bool,
    /// The last match was left out, and its context is too.
    skipping: bool,
}

impl Results {
    fn name(&mut self, path: &str) {
        if self.count() {
            self.text.push_str(if path.is_empty() { "(this file)" } else { path });
            self.text.push('\n');
        }
    }

    /// Whether one more is shown.
    fn count(&mut self) -> bool {
        if self.found >= self.skip + self.limit || self.text.len() > TEXT {
            self.full = true;
            return false;
        }
        self.found += 1;
        self.found > self.skip
    }

    fn line(&mut self, number: Option<u64>, mark: char, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\n', '\r']);
        let cut = line.char_indices().nth(WIDTH).map(|(at, _)| at);
        let more = if cut.is_some() { " [line cut]" } else { "" };
        let (number, line) = (number.unwrap_or_default(), &line[..cut.unwrap_or(line.len())]);
        let path = if self.file.is_empty() { String::new() } else { format!("{}{mark}", self.file) };
        self.text.push_str(&format!("{path}{number}{mark}{line}{more}\n"));
        self.named = true;
    }

    fn shown(self, walked: &Walked) -> String {
        let mut notes = Vec::new();
        let shown = self.found.saturating_sub(self.skip);
        if shown == 0 {
            notes.push(format!("nothing found in {} files below {}", walked.files, walked.path));
        }
        if self.full {
            notes.push(format!("there are more: continue with `offset` {}", self.found));
        } else if walked.more {
            notes.push("not all files were searched: narrow it down".to_owned());
        }
        if walked.secret > 0 {
            notes.push(format!("{} files that hold secrets were left out", walked.secret));
        }
        if walked.skipped > 0 {
            notes.push(format!("{} files were left out as too long or unreadable", walked.skipped));
        }
        match notes.is_empty() {
            true => self.text,
            false => format!("{}[{}]", self.text, notes.join("; ")),
        }
    }
}

impl Finds for &mut Results {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> std::result::Result<bool, Self::Error> {
        self.skipping = !self.count();
        if self.full {
            return Ok(false);
        }
        if !self.skipping {
            self.line(found.line_number(), ':', found.bytes());
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> std::result::Result<bool, Self::Error> {
        let left_out = self.found < self.skip || (self.skipping && self.found == self.skip);
        if !left_out {
            self.line(line.line_number(), '-', line.bytes());
        }
        Ok(!self.full)
    }

    fn context_break(&mut self, _: &Searcher) -> std::result::Result<bool, Self::Error> {
        if self.named {
            self.text.push_str("--\n");
        }
        Ok(true)
    }
}
