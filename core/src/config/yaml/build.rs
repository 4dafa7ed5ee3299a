//! Builds the tree of a [`Document`] from parser events, and finds the comments between them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::Value;

use super::{Document, Entry, Form, MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, Style, YamlError};

pub(super) fn document(text: String) -> Result<Document, YamlError> {
    refuse_text(&text)?;
    let mut builder = Builder::new(&text);
    let root = builder.stream()?;
    let tokens = builder.tokens;
    let comments = comments(&text, tokens);
    Ok(Document { text, root, comments })
}

fn refuse_text(text: &str) -> Result<(), YamlError> {
    if text.len() > MAX_BYTES {
        return Err(fault(1, format!("The file is longer than {MAX_BYTES} bytes")));
    }
    let forbidden = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    match text.char_indices().find(|(_, c)| forbidden(c)) {
        Some((at, c)) => {
            let line = 1 + text[..at].matches('\n').count();
            Err(fault(line, format!("Control character `{}` is not allowed", c.escape_unicode())))
        }
        None => Ok(()),
    }
}

struct Builder<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    /// Byte offset of each character, where the two differ.
    offsets: Option<Vec<usize>>,
    anchors: HashMap<usize, (Node, usize)>,
    /// Every scalar and alias as written, in order.
    tokens: Vec<Range<usize>>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        let offsets = (!text.is_ascii()).then(|| {
            let starts = text.char_indices().map(|(at, _)| at);
            starts.chain([text.len()]).collect()
        });
        let parser = Parser::new_from_str(text);
        Self { text, parser, offsets, anchors: HashMap::new(), tokens: Vec::new(), nodes: 0 }
    }

    fn stream(&mut self) -> Result<Node, YamlError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(fault(span.start.line(), "A second document is not allowed"));
                }
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        let nothing = Node { form: Form::Null, style: Style::Plain, span: 0..0, line: 1, anchored: false };
        Ok(root.unwrap_or(nothing))
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), YamlError> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(scan_fault(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, YamlError> {
        let line = span.start.line();
        if depth > MAX_DEPTH {
            return Err(too_deep(line));
        }
        let before = self.nodes;
        self.count(1, line)?;
        let (anchor, node) = match event {
            Event::Alias(id) => return self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => (anchor, self.scalar(&text, style, tag.as_deref(), span)?),
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), &["seq"], line)?;
                (anchor, self.list(span, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), &["map"], line)?;
                (anchor, self.mapping(span, depth)?)
            }
            _ => return Err(fault(line, "The document ends where a value is expected")),
        };
        if anchor == 0 {
            return Ok(node);
        }
        let node = Node { anchored: true, ..node };
        self.anchors.insert(anchor, (node.clone(), self.nodes - before));
        Ok(node)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<Node, YamlError> {
        let line = span.start.line();
        let range = self.range(span);
        self.tokens.push(range.clone());
        let Some((target, nodes)) = self.anchors.get(&id).cloned() else {
            return Err(fault(line, "The alias refers to a value that contains it"));
        };
        self.count(nodes, line)?;
        Ok(Node { style: Style::Alias, span: range, line, anchored: false, ..target })
    }

    fn count(&mut self, nodes: usize, line: usize) -> Result<(), YamlError> {
        self.nodes += nodes;
        match self.nodes > MAX_NODES {
            true => Err(fault(line, format!("More than {MAX_NODES} values"))),
            false => Ok(()),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Node, YamlError> {
        let line = span.start.line();
        refuse_tag(tag, &["str", "null", "bool", "int", "float", ""], line)?;
        let range = self.range(span);
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::BlockScalar,
        };
        let span = match style {
            Style::SingleQuoted => self.quoted(range, '\''),
            Style::DoubleQuoted => self.quoted(range, '"'),
            Style::Plain => trim_end(self.text, range),
            _ => range,
        };
        self.tokens.push(span.clone());
        let is_text = tag.is_some_and(|tag| matches!(tag.suffix.as_str(), "str" | ""));
        let form = match style {
            Style::Plain if !is_text => plain(text),
            _ => Form::Scalar(Value::String(text.to_owned())),
        };
        Ok(Node { form, style, span, line, anchored: false })
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, YamlError> {
        let mut items = Vec::new();
        let end = loop {
            match self.next()? {
                (Event::SequenceEnd, end) => break end,
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        };
        let last = items.last().map(|node: &Node| node.span.end);
        Ok(self.collection(Form::List(items), start, end, last))
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node, YamlError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        let end = loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break span;
            }
            let line = span.start.line();
            let (key, key_span) = self.key(event, span)?;
            if !seen.insert(key.clone()) {
                return Err(fault(line, format!("Key `{key}` stands here a second time")));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            entries.push(Entry { key, key_span, line, value });
        };
        let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
        Ok(self.collection(Form::Mapping(entries), start, end, last))
    }

    fn key(&mut self, event: Event<'a>, span: Span) -> Result<(String, Range<usize>), YamlError> {
        let line = span.start.line();
        let Event::Scalar(text, style, 0, tag) = event else {
            return Err(fault(line, "A key must be plain text"));
        };
        if text.is_empty() {
            return Err(fault(line, "A key is missing"));
        }
        let node = self.scalar(&text, style, tag.as_deref(), span)?;
        Ok((text.into_owned(), node.span))
    }

    fn collection(&self, form: Form, start: Span, end: Span, last: Option<usize>) -> Node {
        let from = self.byte(start.start);
        let opening = self.text[skip_properties(self.text, from)..].chars().next();
        let (style, to) = match opening {
            Some('[' | '{') => (Style::Flow, (self.byte(end.start) + 1).min(self.text.len())),
            _ => (Style::Block, last.unwrap_or(from)),
        };
        Node { form, style, span: from..to.max(from), line: start.start.line(), anchored: false }
    }

    /// From the first character, properties included, to the closing quote.
    fn quoted(&self, range: Range<usize>, quote: char) -> Range<usize> {
        let open = skip_properties(self.text, range.start);
        let mut chars = self.text[open..].char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && quote == '"' {
                chars.next();
            } else if c == quote {
                match chars.peek() {
                    Some((_, '\'')) if quote == '\'' => drop(chars.next()),
                    _ => return range.start..open + at + 1,
                }
            }
        }
        range
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start);
        start..self.byte(span.end).max(start)
    }

    fn byte(&self, marker: Marker) -> usize {
        match &self.offsets {
            Some(offsets) => offsets.get(marker.index()).copied().unwrap_or(self.text.len()),
            None => marker.index().min(self.text.len()),
        }
    }
}

/// Reads a plain scalar. A number is one only where it prints as it is written, so that `+49123`, `007` and
/// `1.10` stay what they are.
fn plain(text: &str) -> Form {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Form::Null,
        "true" | "True" | "TRUE" => return Form::Scalar(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Form::Scalar(Value::Bool(false)),
        _ => {}
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let number = numeric.then(|| serde_json::from_str::<serde_json::Number>(text).ok()).flatten();
    match number.filter(|number| number.to_string() == text) {
        Some(number) => Form::Scalar(Value::Number(number)),
        None => Form::Scalar(Value::String(text.to_owned())),
    }
}

fn refuse_tag(tag: Option<&Tag>, known: &[&str], line: usize) -> Result<(), YamlError> {
    match tag {
        Some(tag) if !known.contains(&tag.suffix.as_str()) || !(tag.is_yaml_core_schema() || tag.suffix.is_empty()) => {
            Err(fault(line, format!("Tag `{tag}` is not supported")))
        }
        _ => Ok(()),
    }
}

/// Steps over `&anchor` and `!tag` and the blanks, line ends and comments after each.
fn skip_properties(text: &str, from: usize) -> usize {
    let mut rest = &text[from..];
    while rest.starts_with(['&', '!']) {
        rest = rest.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
        while rest.starts_with('#') {
            rest = rest.trim_start_matches(|c| c != '\n').trim_start();
        }
    }
    text.len() - rest.len()
}

fn trim_end(text: &str, range: Range<usize>) -> Range<usize> {
    range.start..range.start + text[range.clone()].trim_end().len()
}

/// A `#` begins a comment where it stands between tokens and after a blank.
fn comments(text: &str, tokens: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    for token in tokens.into_iter().chain(std::iter::once(text.len()..text.len())) {
        let mut at = from;
        while let Some(hash) = text.get(at..token.start).and_then(|gap| gap.find('#')).map(|n| at + n) {
            if hash > 0 && !text[..hash].ends_with([' ', '\t', '\n', '\r', '\u{feff}']) {
                at = hash + 1;
                continue;
            }
            let end = text[hash..].find('\n').map_or(text.len(), |n| hash + n);
            found.push(trim_end(text, hash..end));
            at = end;
        }
        from = token.end.max(from);
    }
    found
}

fn scan_fault(error: &ScanError) -> YamlError {
    let line = error.marker().line();
    if error.info().contains("ecursion limit") {
        return too_deep(line);
    }
    let mut message = error.info().to_owned();
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    fault(line, message)
}

fn too_deep(line: usize) -> YamlError {
    fault(line, format!("Nested deeper than {MAX_DEPTH} levels"))
}

fn fault(line: usize, message: impl Into<String>) -> YamlError {
    YamlError { line: line.max(1), message: message.into() }
}
