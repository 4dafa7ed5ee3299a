//! The tool that changes parts of files: one text for another, or a unified diff over several files.

mod place;
pub(crate) mod unified;

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallResult, Tool};
use serde::Deserialize;
use serde_json::json;

use crate::Job;
use crate::text::{line_end, with_line_ends};
use crate::write::{Change, Loaded};
use place::{Likeness, Misfit, Place, Sheet};
use unified::{FilePatch, Kind, Line};

pub(crate) const NAME: &str = "patch";

const DESCRIPTION: &str = "\
Change parts of text files. Either give `path`, `old_string` and `new_string`: the old text must stand in the file \
exactly once (add lines around it until it does), unless `replace_all` is set. Or give `patch`: a unified diff with \
`---`, `+++` and `@@` lines, over one or several files; numbers may be left out, new files come from /dev/null.

Where the text is not found exactly, lines that differ in blanks alone are taken; the diff in the result says what was \
really changed. Encoding, byte order mark and line ends stay. A file that changed since you read it is not touched.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    path: Option<String>,
    old_string: Option<String>,
    new_string: Option<String>,
    #[serde(default)]
    replace_all: bool,
    patch: Option<String>,
}

pub(crate) fn tool() -> Tool {
    let input_schema = json!({
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "minLength": 1,
                "maxLength": 4096,
                "description": "The file, with old_string and new_string.",
            },
            "old_string": { "type": "string", "minLength": 1, "description": "What stands there now." },
            "new_string": { "type": "string", "description": "What shall stand there." },
            "replace_all": { "type": "boolean", "default": false, "description": "Replace it wherever it stands." },
            "patch": { "type": "string", "minLength": 1, "description": "A unified diff, without path and the others." },
        },
        "additionalProperties": false,
    });
    Tool {
        name: NAME.to_owned(),
        description: DESCRIPTION.to_owned(),
        input_schema,
        destructive: true,
        ..Tool::default()
    }
}

pub(crate) async fn call(job: &Job<'_>, arguments: Arguments) -> Result<CallResult> {
    match arguments {
        Arguments { path: Some(path), old_string: Some(old), new_string: Some(new), replace_all, patch: None } => {
            let file = Loaded::load(job, &path).await?;
            file.check_known(job)?;
            let (new, note) = replaced(file.text()?, &old, &new, replace_all).map_err(|why| at(&file, &why))?;
            Ok(CallResult::text(Change { file, new }.apply(job, &note).await?))
        }
        Arguments { path: None, old_string: None, new_string: None, patch: Some(patch), .. } => {
            several(job, &patch).await
        }
        _ => Err(PluginError::user("Give either `path`, `old_string` and `new_string`, or `patch` alone")),
    }
}

fn at(file: &Loaded, why: &str) -> PluginError {
    PluginError::user(format!("`{}`: {why}", file.head.path))
        .with_hint("read the file again, and try with what stands there")
}

/// The text with `old` replaced, and what there is to say about it.
///
/// # Errors
/// Why it is not.
pub(crate) fn replaced(text: &str, old: &str, new: &str, all: bool) -> Result<(String, String), String> {
    if old == new {
        return Err("`old_string` and `new_string` are the same".to_owned());
    }
    let end = line_end(text);
    for (old, new) in [(old.to_owned(), new.to_owned()), (with_line_ends(old, end), with_line_ends(new, end))] {
        match text.matches(old.as_str()).count() {
            0 => {}
            1 => return Ok((text.replacen(&old, &new, 1), String::new())),
            n if all => return Ok((text.replace(&old, &new), format!(" in {n} places"))),
            _ => {
                let lines = line_numbers(text, text.match_indices(old.as_str()).map(|(at, _)| at));
                return Err(several_places(&lines));
            }
        }
    }
    let line = |kind, text: &str| Line { kind, text: text.to_owned(), bare: false };
    let removed = old.lines().map(|text| line(Kind::Remove, text));
    let lines: Vec<Line> = removed.chain(new.lines().map(|text| line(Kind::Add, text))).collect();
    let sheet = Sheet::new(text);
    match sheet.change(&lines, 0, if all { Place::All } else { Place::Only }) {
        Ok(made) => Ok((sheet.with(&made.edits), note([made.likeness]))),
        Err(misfit) => Err(misfits("`old_string`", &misfit)),
    }
}

/// The lines of some places, the first few, in linear time.
fn line_numbers(text: &str, places: impl Iterator<Item = usize>) -> Vec<usize> {
    let (mut line, mut from) = (1, 0);
    let number = |at: usize| {
        line += text[from..at].matches('\n').count();
        from = at;
        line
    };
    places.map(number).collect()
}

fn several_places(lines: &[usize]) -> String {
    let shown: Vec<String> = lines.iter().take(8).map(usize::to_string).collect();
    let more = if lines.len() > 8 { ", …" } else { "" };
    format!(
        "it stands in {} places (lines {}{more}): give more lines around it, or set `replace_all`",
        lines.len(),
        shown.join(", ")
    )
}

fn misfits(what: &str, misfit: &Misfit) -> String {
    match misfit {
        Misfit::Nowhere => format!("{what} does not stand in the file, not even with other blanks"),
        Misfit::Several(lines) => format!("{what}: {}", several_places(lines)),
    }
}

/// What is said when blanks differed.
fn note(likeness: impl IntoIterator<Item = Likeness>) -> String {
    let told = likeness.into_iter().filter_map(Likeness::told).next();
    told.map(|told| format!(" ({told}; this is what was really changed)")).unwrap_or_default()
}

/// All changes of a diff are worked out before the first is made.
async fn several(job: &Job<'_>, patch: &str) -> Result<CallResult> {
    let files = unified::parse(patch).map_err(|why| {
        PluginError::user(format!("The patch is no unified diff: {why}")).with_hint("or use old_string")
    })?;
    let mut changes: Vec<(Change, String)> = Vec::new();
    for patch in files {
        let path = target(&patch)?;
        let file = Loaded::load(job, path).await?;
        file.check_known(job)?;
        if changes.iter().any(|(change, _)| change.file.head.path == file.head.path) {
            return Err(PluginError::user(format!("The patch has `{path}` twice")).with_hint("put its hunks together"));
        }
        let (new, note) = patched(&file, &patch)?;
        let change = Change { file, new };
        change.check()?;
        changes.push((change, note));
    }
    let mut told = Vec::new();
    for (change, note) in changes {
        let path = change.file.head.path.clone();
        match change.apply(job, &note).await {
            Ok(done) => told.push(done),
            Err(error) if told.is_empty() => return Err(error),
            Err(error) => {
                told.push(format!("`{path}` was not changed, nor what comes after it: {error}"));
                return Ok(CallResult::error(told.join("\n")));
            }
        }
    }
    Ok(CallResult::text(told.join("\n")))
}

/// The file that a part of a diff is about.
fn target(patch: &FilePatch) -> Result<&str> {
    match (&patch.old, &patch.new) {
        (Some(old), Some(new)) if old != new => {
            let message = format!("The patch renames `{old}` to `{new}`, which this tool does not");
            Err(PluginError::user(message).with_hint("rename it with a command"))
        }
        (_, Some(new)) => Ok(new),
        (Some(old), None) => Err(PluginError::user(format!("The patch deletes `{old}`, which this tool does not"))
            .with_hint("use a command")),
        (None, None) => Err(PluginError::user("The patch names no file")),
    }
}

fn patched(file: &Loaded, patch: &FilePatch) -> Result<(String, String)> {
    let text = match (&patch.old, &file.text) {
        (None, Some(_)) => return Err(at(file, "the patch makes a new file, and there is one")),
        (None, None) => "",
        (Some(_), _) => file.text()?,
    };
    let sheet = Sheet::new(text);
    let (mut edits, mut likeness, mut from) = (Vec::new(), Vec::new(), 0);
    for (n, hunk) in patch.hunks.iter().enumerate() {
        let inserts = hunk.lines.iter().all(|line| line.kind == Kind::Add);
        let place = match hunk.start {
            // The head of a hunk that only adds names the line that it stands after.
            Some(start) => Place::Near(if inserts { start } else { start.saturating_sub(1) }),
            None => Place::Only,
        };
        let made = sheet.change(&hunk.lines, from, place);
        let made = made.map_err(|misfit| at(file, &misfits(&format!("hunk {}", n + 1), &misfit)))?;
        from = made.edits.last().map_or(from, |edit| edit.until);
        edits.extend(made.edits);
        likeness.push(made.likeness);
    }
    Ok((sheet.with(&edits), note(likeness)))
}
