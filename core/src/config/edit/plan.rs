//! Finds which bytes to replace for an edit.
//!
//! Handles the forms people write: block and flow, empty values, files of comments only. Whatever else stands
//! there is refused or left to the check that follows; nothing here needs to be perfect, only never wrong unseen.

use std::ops::Range;

use serde_json::Value;

use super::{Edit, Plan, Splice, render};
use crate::config::yaml::{Document, Entry, Form, Node, Style};

/// An entry on the way to a key.
#[derive(Clone, Copy)]
struct Step<'a> {
    entry: &'a Entry,
    /// Whether it stands between braces.
    in_flow: bool,
}

pub(super) fn plan(document: &Document, edit: &Edit) -> Result<Plan, String> {
    let planner = Planner { document, text: &document.text };
    let (steps, missing) = planner.walk(edit.key().keys())?;
    match (edit, missing.is_empty()) {
        (Edit::Set(_, value), true) => planner.replace(last(&steps)?, value),
        (Edit::Set(_, value), false) => planner.insert(steps.last(), missing, value),
        (Edit::ListAdd(_, item), true) => planner.list_add(last(&steps)?, item),
        (Edit::ListAdd(_, item), false) => planner.insert(steps.last(), missing, &Value::Array(vec![item.clone()])),
        (Edit::Unset(_), true) => planner.unset(&steps),
        (Edit::ListRemove(_, item), true) => planner.list_remove(last(&steps)?, item),
        (Edit::Unset(_) | Edit::ListRemove(..), false) => Err("it is not there".to_owned()),
    }
}

fn last<'a>(steps: &[Step<'a>]) -> Result<Step<'a>, String> {
    steps.last().copied().ok_or_else(|| "no key is named".to_owned())
}

struct Planner<'a> {
    document: &'a Document,
    text: &'a str,
}

impl<'a> Planner<'a> {
    /// Follows the keys as far as they exist.
    fn walk<'k>(&self, keys: &'k [String]) -> Result<(Vec<Step<'a>>, &'k [String]), String> {
        let mut steps = Vec::new();
        let mut node = &self.document.root;
        let mut in_flow = false;
        for (at, key) in keys.iter().enumerate() {
            if node.style == Style::Alias {
                return Err("it is written elsewhere in the file and referred to here".to_owned());
            }
            in_flow |= node.style == Style::Flow;
            let Some(entry) = node.entry(key) else { return Ok((steps, &keys[at..])) };
            steps.push(Step { entry, in_flow });
            node = &entry.value;
        }
        Ok((steps, &[]))
    }

    /// Puts a new value where one stands.
    fn replace(&self, step: Step<'_>, value: &Value) -> Result<Plan, String> {
        let node = &step.entry.value;
        if node.anchored {
            return Err("other values in the file refer to it".to_owned());
        }
        match node.style {
            Style::Plain if node.span.is_empty() => self.fill(step, value),
            Style::Block => self.replace_block(step, value),
            Style::BlockScalar => self.replace_block_scalar(step, value),
            style => {
                let text = match value {
                    Value::String(text) => render::scalar(text, style),
                    value => render::flow(value),
                };
                Ok(splice(node.span.clone(), text))
            }
        }
    }

    /// Puts a value behind `key:`.
    fn fill(&self, step: Step<'_>, value: &Value) -> Result<Plan, String> {
        let colon = self.after_colon(step.entry)?;
        match render::is_block(value) && !step.in_flow {
            true => {
                let indent = self.column(step.entry.key_span.start)? + 2;
                Ok(self.insert_lines(self.line_end(colon), render::block(value, indent)))
            }
            false => Ok(splice(colon..colon, format!(" {}", render::flow(value)))),
        }
    }

    fn replace_block(&self, step: Step<'_>, value: &Value) -> Result<Plan, String> {
        let colon = self.after_colon(step.entry)?;
        let end = self.content_end(&step.entry.value);
        let indent = self.column(step.entry.key_span.start)? + 2;
        let (from, text) = match render::is_block(value) {
            true => (self.line_end(colon), self.joined(render::block(value, indent))),
            false => (colon, format!(" {}{}", render::flow(value), self.tail(colon))),
        };
        let to = self.line_end(end);
        Ok(splice(from.min(to)..to, text))
    }

    fn replace_block_scalar(&self, step: Step<'_>, value: &Value) -> Result<Plan, String> {
        let colon = self.after_colon(step.entry)?;
        let end = self.line_end(self.content_end(&step.entry.value));
        let comment = self.document.comments.iter().find(|span| (colon..self.line_end(colon)).contains(&span.start));
        let comment = comment.map_or(String::new(), |span| format!(" {}", &self.text[span.clone()]));
        let eol = if self.text[colon..end].ends_with('\n') { self.eol() } else { "" };
        Ok(splice(colon..end, format!(" {}{comment}{eol}", render::flow(value))))
    }

    /// Adds missing keys, with a value at their end, to the deepest section there is.
    fn insert(&self, parent: Option<&Step<'a>>, keys: &[String], value: &Value) -> Result<Plan, String> {
        let node = parent.map_or(&self.document.root, |step| &step.entry.value);
        match (&node.form, node.style) {
            (_, Style::Alias) => Err("it is written elsewhere in the file and referred to here".to_owned()),
            (Form::Mapping(entries), Style::Flow) => {
                let text = render::nested(keys, value);
                match entries.last() {
                    Some(last) => {
                        let at = self.entry_end(last);
                        Ok(splice(at..at, format!(", {text}")))
                    }
                    None => Ok(splice(node.span.end - 1..node.span.end - 1, text)),
                }
            }
            (Form::Mapping(entries), _) => {
                let (first, last) = entries.first().zip(entries.last()).ok_or("its form is too unusual")?;
                let indent = self.column(first.key_span.start)?;
                let end = self.content_end(&last.value).max(last.key_span.end);
                Ok(self.insert_lines(self.line_end(end), render::lines(keys, value, indent)))
            }
            (Form::Null, _) if node.span.is_empty() => match parent {
                Some(step) if step.in_flow => {
                    let at = self.after_colon(step.entry)?;
                    Ok(splice(at..at, format!(" {{{}}}", render::nested(keys, value))))
                }
                Some(step) => {
                    let at = self.line_end(self.after_colon(step.entry)?);
                    let indent = self.column(step.entry.key_span.start)? + 2;
                    Ok(self.insert_lines(at, render::lines(keys, value, indent)))
                }
                None => Ok(self.insert_lines(self.text.len(), render::lines(keys, value, 0))),
            },
            (Form::Null, _) if parent.is_some() => {
                Ok(splice(node.span.clone(), format!("{{{}}}", render::nested(keys, value))))
            }
            _ => Err(format!("it would have to stand in a section, but there is {}", node.describe())),
        }
    }

    fn list_add(&self, step: Step<'_>, item: &Value) -> Result<Plan, String> {
        let node = &step.entry.value;
        let Form::List(items) = &node.form else {
            return self.replace(step, &Value::Array(vec![item.clone()]));
        };
        let text = render::flow(item);
        match (node.style, items.last()) {
            (Style::Alias, _) => Err("it is written elsewhere in the file and referred to here".to_owned()),
            (Style::Flow, Some(last)) => Ok(splice(last.span.end..last.span.end, format!(", {text}"))),
            (Style::Flow, None) => Ok(splice(node.span.end - 1..node.span.end - 1, text)),
            (_, Some(last)) => {
                let dash = items.iter().find_map(|item| self.dash(item).ok());
                let indent = self.column(dash.ok_or("its form is too unusual")?)?;
                let line = format!("{}- {text}", " ".repeat(indent));
                Ok(self.insert_lines(self.line_end(self.content_end(last)), vec![line]))
            }
            (_, None) => Err("its form is too unusual".to_owned()),
        }
    }

    fn list_remove(&self, step: Step<'_>, item: &Value) -> Result<Plan, String> {
        let node = &step.entry.value;
        let Form::List(items) = &node.form else { return Err("it is not a list".to_owned()) };
        let at = items.iter().position(|other| other.value() == *item).ok_or("it is not there")?;
        let spans: Vec<Range<usize>> = items.iter().map(|item| item.span.clone()).collect();
        match (node.style, items.len()) {
            (Style::Alias, _) => Err("it is written elsewhere in the file and referred to here".to_owned()),
            (Style::Flow, 1) => Ok(splice(node.span.clone(), "[]".to_owned())),
            (Style::Flow, _) => Ok(splice(flow_gap(&spans, at), String::new())),
            (_, len) => {
                let dash = self.dash(&items[at])?;
                self.column(dash)?;
                let removed = self.line_start(dash)..self.line_end(self.content_end(&items[at]));
                self.remove_lines(removed, (len == 1).then_some((step.entry, "[]")))
            }
        }
    }

    fn unset(&self, steps: &[Step<'_>]) -> Result<Plan, String> {
        let step = last(steps)?;
        let above = steps.len().checked_sub(2).map(|at| steps[at].entry);
        let parent = above.map_or(&self.document.root, |entry| &entry.value);
        let entries = parent.entries();
        let at = entries.iter().position(|entry| entry.key == step.entry.key).ok_or("it is not there")?;
        if parent.style == Style::Flow {
            let spans: Vec<Range<usize>> =
                entries.iter().map(|entry| entry.key_span.start..self.entry_end(entry)).collect();
            return Ok(match entries.len() {
                1 => splice(parent.span.clone(), "{}".to_owned()),
                _ => splice(flow_gap(&spans, at), String::new()),
            });
        }
        let key = &step.entry.key_span;
        self.column(key.start)?;
        let end = self.content_end(&step.entry.value).max(key.end);
        let removed = self.line_start(key.start)..self.line_end(end);
        self.remove_lines(removed, above.filter(|_| entries.len() == 1).map(|entry| (entry, "{}")))
    }

    /// Removes whole lines; where they were all there was below a key, something empty is written behind it.
    fn remove_lines(&self, removed: Range<usize>, emptied: Option<(&Entry, &str)>) -> Result<Plan, String> {
        let mut plan = splice(removed.clone(), String::new());
        if let Some((entry, empty)) = emptied {
            let at = self.after_colon(entry)?;
            plan.splices.push(Splice { range: at..at, text: format!(" {empty}") });
        }
        plan.removed = Some(removed);
        Ok(plan)
    }

    fn insert_lines(&self, at: usize, lines: Vec<String>) -> Plan {
        let missing = at > 0 && !self.text[..at].ends_with('\n') && self.text[..at] != *"\u{feff}";
        let before = if missing { self.eol() } else { "" };
        splice(at..at, format!("{before}{}", self.joined(lines)))
    }

    fn joined(&self, lines: Vec<String>) -> String {
        lines.into_iter().map(|line| line + self.eol()).collect()
    }

    fn eol(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// What follows the colon on its line: a comment and the line end.
    fn tail(&self, colon: usize) -> &'a str {
        &self.text[colon..self.line_end(colon)]
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The start of the next line; the same place where a block scalar already ended the line.
    fn line_end(&self, at: usize) -> usize {
        if at > 0 && self.text[..at].ends_with('\n') {
            return at;
        }
        self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// How far something is indented; refuses where anything but blanks stands before it.
    fn column(&self, at: usize) -> Result<usize, String> {
        let before = self.text[self.line_start(at)..at].trim_start_matches('\u{feff}');
        match before.bytes().all(|byte| byte == b' ') {
            true => Ok(before.len()),
            false => Err("its line holds something else too".to_owned()),
        }
    }

    fn after_colon(&self, entry: &Entry) -> Result<usize, String> {
        let rest = &self.text[entry.key_span.end..];
        let colon = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        match rest[colon..].starts_with(':') {
            true => Ok(entry.key_span.end + colon + 1),
            false => Err("its form is too unusual".to_owned()),
        }
    }

    fn entry_end(&self, entry: &Entry) -> usize {
        match entry.value.span.is_empty() {
            true => self.after_colon(entry).unwrap_or(entry.key_span.end),
            false => entry.value.span.end,
        }
    }

    /// Where the last character of a value stands, without blank lines after a block scalar that do not count.
    fn content_end(&self, node: &Node) -> usize {
        let deepest = match &node.form {
            Form::List(items) if node.style == Style::Block => items.last(),
            Form::Mapping(entries) if node.style == Style::Block => {
                let last = entries.last();
                return last.map_or(node.span.end, |last| self.content_end(&last.value).max(last.key_span.end));
            }
            _ => None,
        };
        match deepest {
            Some(last) => self.content_end(last),
            None if node.style == Style::BlockScalar => {
                let written = self.text[node.span.clone()].trim_end().len();
                let value = node.value();
                match value.as_str().is_some_and(|text| text.ends_with("\n\n")) {
                    true => node.span.end,
                    false => node.span.start + written,
                }
            }
            None => node.span.end,
        }
    }

    /// Where the `-` of a list item stands.
    fn dash(&self, item: &Node) -> Result<usize, String> {
        let before = self.text[..item.span.start].trim_end_matches(' ');
        match before.ends_with('-') {
            true => Ok(before.len() - 1),
            false => Err("its form is too unusual".to_owned()),
        }
    }
}

/// The bytes to remove for one of several things between commas.
fn flow_gap(spans: &[Range<usize>], at: usize) -> Range<usize> {
    match at {
        0 => spans[0].start..spans[1].start,
        at => spans[at - 1].end..spans[at].end,
    }
}

fn splice(range: Range<usize>, text: String) -> Plan {
    Plan { splices: vec![Splice { range, text }], removed: None }
}
