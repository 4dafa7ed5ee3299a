//! Parameters: variables, arrays, positional parameters, and the operators in `${…}`.

use super::pattern::Pattern;
use super::{Expanded, is_loose};
use crate::command::ast::{Param, ParamOp, Part, Replace, Word};
use crate::command::env::{Leaves, Space, Value};
use crate::command::run::{Reader, Scope};
use crate::command::simple::Separators;
use crate::command::text::{self, Text};
use hermes_plugin_api::command::{Piece, Why};

/// Larger products of text and pattern are not computed.
const MAX_WORK: usize = 64 * 1024;

impl Reader {
    /// Expands `$name` or `${…}`. What its operator is given may run commands, whether or not the value is known.
    pub(super) fn param<'p>(&mut self, param: &'p Param, scope: &Scope, quoted: bool) -> Expanded<'p> {
        let outer = std::mem::replace(&mut self.operands_read, param.op.is_none());
        let expanded = self.value_of_param(param, scope, quoted);
        if !std::mem::replace(&mut self.operands_read, outer) {
            self.maybe(|reader| reader.read_operands(param, scope));
        }
        expanded
    }

    /// Reads what an operator is given for what it runs alone.
    fn read_operands(&mut self, param: &Param, scope: &Scope) {
        let words: [Option<&Word>; 2] = match &param.op {
            Some(ParamOp::Default { word, .. }) => [Some(word), None],
            Some(ParamOp::Strip { pattern, .. } | ParamOp::Case { pattern, .. }) => [Some(pattern), None],
            Some(ParamOp::Replace { pattern, with, .. }) => [Some(pattern), Some(with)],
            Some(ParamOp::Slice { offset, length }) => [Some(offset), length.as_ref()],
            Some(ParamOp::Transform(_) | ParamOp::Names | ParamOp::Other) | None => [None, None],
        };
        for word in words.into_iter().flatten() {
            self.single_parts(&word.parts, scope, false);
        }
    }

    fn value_of_param<'p>(&mut self, param: &'p Param, scope: &Scope, quoted: bool) -> Expanded<'p> {
        if param.indirect {
            return self.indirect(param, scope, quoted);
        }
        let subscript = param.subscript.as_ref().map(|word| self.subscript(word, scope));
        let all = match (&*param.name, subscript.as_deref()) {
            ("@" | "*", _) => Some(param.name == "*"),
            (_, Some("@" | "*")) => Some(subscript.as_deref() == Some("*")),
            _ => None,
        };
        match all {
            Some(joined) => self.elements(param, joined, scope, quoted),
            None => {
                let value = self.scalar(&param.name, subscript.as_deref());
                match &param.op {
                    Some(ParamOp::Default { kind: kind @ (b'-' | b'+'), colon, word }) if !quoted => {
                        let takes = self.takes_operand(param, &value, *kind, *colon);
                        self.operands_read = takes.is_some();
                        match takes {
                            None => Expanded::One(vec![text::unknown(Why::Variable, &param.name)]),
                            Some(true) => Expanded::Operand(word),
                            Some(false) if *kind == b'+' => Expanded::One(Text::new()),
                            Some(false) => Expanded::One(self.pieces(&param.name, value)),
                        }
                    }
                    _ => Expanded::One(self.operate(param, value, scope, quoted)),
                }
            }
        }
    }

    /// A subscript as text; the unknown one is empty, which no element has.
    fn subscript(&mut self, word: &Word, scope: &Scope) -> String {
        let pieces = self.single_parts(&word.parts, scope, false);
        match text::known(&pieces) {
            Some(known) if matches!(&*known, "@" | "*") => known.into_owned(),
            Some(known) => {
                let known = known.into_owned();
                if known.contains("$(") || known.contains('`') {
                    self.opaque("A subscript may run a command", Some(word.span));
                }
                known
            }
            None => String::new(),
        }
    }

    /// The value of a variable or of an element of one.
    fn scalar(&mut self, name: &str, subscript: Option<&str>) -> Value {
        let value = self.variable(name);
        if let Some(sum) = subscript
            && !matches!(value, Value::List(_) | Value::Map(_))
            && sum.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        {
            // It is computed even where there is no such list.
            self.compute(sum);
        }
        match (value, subscript) {
            (Value::List(items), None) => items.first().map_or(Value::Unset, |(key, text)| match key.as_str() {
                _ if is_loose(text) => Value::Unknown,
                "0" => Value::Text(text.clone()),
                _ => Value::Unset,
            }),
            (Value::List(items), Some(subscript)) => self.element(&items, subscript),
            (Value::Map(items), subscript) => {
                let key = subscript.unwrap_or("0");
                if key.is_empty() || key.contains(['"', '\'', '\\']) {
                    return Value::Unknown;
                }
                items.iter().find(|(own, _)| own == key).map_or(Value::Unset, |(_, text)| Value::Text(text.clone()))
            }
            (Value::Text(text), Some("0")) => Value::Text(text),
            (value @ (Value::Text(_) | Value::Unset | Value::Outer), None) => value,
            (Value::Unset, Some(_)) => Value::Unset,
            _ => Value::Unknown,
        }
    }

    fn element(&mut self, items: &[(String, Text)], subscript: &str) -> Value {
        if subscript.is_empty() || items.iter().any(|(_, item)| is_loose(item)) {
            return Value::Unknown;
        }
        let found = |key: &str| items.iter().find(|(own, _)| own == key).map(|(_, text)| Value::Text(text.clone()));
        if let Some(value) = found(subscript) {
            return value;
        }
        match self.compute(subscript) {
            Some(n) if n < 0 => {
                let last = items.last().and_then(|(key, _)| key.parse::<i64>().ok()).unwrap_or(-1);
                let at = last + 1 + n;
                found(&at.to_string()).unwrap_or(Value::Unset)
            }
            Some(n) => found(&n.to_string()).unwrap_or(Value::Unset),
            None => Value::Unknown,
        }
    }

    /// `$@`, `$*`, `${a[@]}`, `${a[*]}`.
    fn elements<'p>(&mut self, param: &'p Param, joined: bool, scope: &Scope, quoted: bool) -> Expanded<'p> {
        let name = if param.name == "*" { "@" } else { &param.name };
        let items: Vec<Text> = match self.variable(name) {
            Value::List(items) => items.iter().map(|(_, text)| text.clone()).collect(),
            // The order of several is not known.
            Value::Map(items) if items.len() <= 1 || param.length => {
                items.iter().map(|(_, text)| text.clone()).collect()
            }
            Value::Text(text) => vec![text],
            Value::Unset => Vec::new(),
            _ => return Expanded::Many(vec![vec![text::unknown(Why::Variable, name)]]),
        };
        let loose = items.iter().any(|item| is_loose(item));
        if loose && (param.length || matches!(param.op, Some(ParamOp::Slice { .. }))) {
            return Expanded::Many(vec![vec![text::unknown(Why::Variable, name)]]);
        }
        if param.length {
            return Expanded::One(vec![Piece::Text(items.len().to_string())]);
        }
        let items = match &param.op {
            None => items,
            Some(ParamOp::Default { .. }) => {
                let value = if items.is_empty() { Value::Unset } else { Value::Text(self.joined(&items)) };
                return match self.operate(param, value, scope, quoted) {
                    kept if !items.is_empty() && kept == self.joined(&items) => Expanded::Many(items),
                    other => Expanded::One(other),
                };
            }
            // Offsets count subscripts, not elements.
            Some(ParamOp::Slice { .. }) if name != "@" && !self.is_dense(name) => {
                return Expanded::Many(vec![vec![text::unknown(Why::Variable, name)]]);
            }
            Some(ParamOp::Slice { offset, length }) => {
                self.slice_items(items, name == "@", offset, length.as_ref(), scope)
            }
            Some(_) => items.into_iter().map(|item| self.operate(param, Value::Text(item), scope, quoted)).collect(),
        };
        if joined { Expanded::Joined(items) } else { Expanded::Many(items) }
    }

    fn slice_items(
        &mut self,
        items: Vec<Text>,
        positional: bool,
        offset: &Word,
        length: Option<&Word>,
        scope: &Scope,
    ) -> Vec<Text> {
        self.operands_read = true;
        let offset = self.number(offset, scope);
        let length = length.map(|length| self.number(length, scope));
        let (Some(offset), Some(length)) = (offset, length.map_or(Some(i64::MAX), |length| length)) else {
            return vec![vec![text::unknown(Why::Unsupported, "")]];
        };
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        // Of the parameters, counting starts before the first, at the name of the shell.
        if positional && (offset == 0 || offset.checked_add(count) == Some(-1)) {
            let zero = vec![Piece::Text("bash".to_owned())];
            let length = usize::try_from(length).unwrap_or(0);
            return std::iter::once(zero).chain(items).take(length).collect();
        }
        let start = if offset < 0 { count + offset } else { offset - i64::from(positional) };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        items.into_iter().skip(start).take(usize::try_from(length).unwrap_or(0)).collect()
    }

    /// Whether the subscripts of an array are 0, 1, 2 and so on.
    fn is_dense(&self, name: &str) -> bool {
        match self.env.get(Space::Variable, name) {
            [Value::List(items)] => items.iter().enumerate().all(|(at, (key, _))| *key == at.to_string()),
            [Value::Text(_) | Value::Unset] => true,
            _ => false,
        }
    }

    fn number(&mut self, word: &Word, scope: &Scope) -> Option<i64> {
        let pieces = self.single_parts(&word.parts, scope, false);
        let known = text::known(&pieces)?.into_owned();
        if known.trim().is_empty() {
            return Some(0);
        }
        self.compute(&known)
    }

    /// `${!name}`: the variable that the value names.
    fn indirect<'p>(&mut self, param: &'p Param, scope: &Scope, quoted: bool) -> Expanded<'p> {
        let unknown = Expanded::Many(vec![vec![text::unknown(Why::Variable, &param.name)]]);
        if matches!(param.op, Some(ParamOp::Other | ParamOp::Names)) {
            return unknown;
        }
        if let Some(subscript) = &param.subscript {
            let subscript = self.subscript(subscript, scope);
            return match (self.variable(&param.name), &*subscript, &param.op) {
                (Value::List(items), "@" | "*", None) if !items.iter().any(|(_, item)| is_loose(item)) => {
                    let keys = items.iter().map(|(key, _)| vec![Piece::Text(key.clone())]).collect();
                    match (&*subscript, self.separators()) {
                        ("@", _) => Expanded::Many(keys),
                        // Without a separator bash puts a blank between them, and does not split there.
                        (_, Separators::These(none)) if none.is_empty() && !quoted => {
                            let keys: Vec<&str> = items.iter().map(|(key, _)| key.as_str()).collect();
                            Expanded::Many(vec![vec![Piece::Text(keys.join(" "))]])
                        }
                        _ => Expanded::Joined(keys),
                    }
                }
                (Value::Map(items), "@" | "*", None) if items.len() <= 1 => {
                    let key = |(key, _): &(String, Text)| text::word(key, Default::default()).pieces;
                    Expanded::Many(items.iter().map(key).collect())
                }
                _ => unknown,
            };
        }
        if matches!(self.env.direct(Space::Variable, &param.name), [Value::Reference(_)]) {
            return unknown;
        }
        if !matches!(self.env.get(Space::Variable, &param.name), [Value::Text(_)]) {
            // It names nothing: an error.
            self.env.leave(Leaves::Line);
        }
        if param.name == "@" || param.name == "*" || param.name == "#" {
            return unknown;
        }
        let Value::Text(pieces) = self.scalar(&param.name, None) else {
            return unknown;
        };
        let Some(name) = text::known(&pieces).map(|name| name.into_owned()) else {
            return unknown;
        };
        let (name, subscript) = match name.split_once('[') {
            Some((name, rest)) => (name.to_owned(), rest.strip_suffix(']').map(str::to_owned)),
            None => (name, None),
        };
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let number = subscript.as_ref().is_none_or(|key| key.bytes().all(|b| b.is_ascii_digit()) && !key.is_empty());
        if !is_name || name.is_empty() || !number {
            return unknown;
        }
        let value = self.scalar(&name, subscript.as_deref());
        Expanded::One(self.operate(param, value, scope, quoted))
    }

    /// Applies the operator of `${…}` to a value.
    fn operate(&mut self, param: &Param, value: Value, scope: &Scope, quoted: bool) -> Text {
        if let Some(ParamOp::Default { kind, colon, word }) = &param.op {
            return self.default(param, value, *kind, *colon, word, scope, quoted);
        }
        let set = !matches!(value, Value::Unset);
        let pieces = self.pieces(&param.name, value);
        if matches!(param.op, Some(ParamOp::Transform(b'P')))
            && text::known(&pieces).is_none_or(|known| known.contains(['$', '`', '\\']))
        {
            self.opaque("A value is expanded as a prompt, which may run commands", None);
            return vec![text::unknown(Why::Variable, &param.name)];
        }
        let Some(known) = text::known(&pieces).map(|known| known.into_owned()) else {
            if param.op.is_none() && !param.length {
                return pieces;
            }
            return vec![text::unknown(Why::Variable, &param.name)];
        };
        if param.length {
            return vec![Piece::Text(known.chars().count().to_string())];
        }
        self.operands_read = !matches!(param.op, Some(ParamOp::Case { .. }));
        let result = match &param.op {
            None => return pieces,
            Some(ParamOp::Strip { suffix, longest, pattern }) => {
                let pattern = self.pattern(pattern, scope);
                self.budget.steps(known.len() / 4);
                pattern.and_then(|pattern| strip(&known, &pattern, *suffix, *longest))
            }
            Some(ParamOp::Replace { kind, pattern, with }) => self.replace(&known, *kind, pattern, with, scope),
            Some(ParamOp::Slice { offset, length }) => self.slice(&known, offset, length.as_ref(), scope),
            Some(ParamOp::Transform(kind)) => transformed(&known, *kind, set),
            Some(ParamOp::Case { kind, all, pattern }) if pattern.parts.is_empty() => change_case(&known, *kind, *all),
            Some(_) => None,
        };
        match result {
            Some(text) => {
                self.charge(text.len());
                vec![Piece::Text(text)]
            }
            None => vec![text::unknown(Why::Unsupported, &param.name)],
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one operator, used in one place")]
    fn default(
        &mut self,
        param: &Param,
        value: Value,
        kind: u8,
        colon: bool,
        word: &Word,
        scope: &Scope,
        quoted: bool,
    ) -> Text {
        let takes = self.takes_operand(param, &value, kind, colon);
        self.operands_read = takes.is_some_and(|takes| !takes || kind != b'?');
        match takes {
            None => vec![text::unknown(Why::Variable, &param.name)],
            Some(false) if matches!(kind, b'-' | b'=' | b'?') => self.pieces(&param.name, value),
            Some(false) => Text::new(),
            // `?` ends the shell.
            Some(true) if kind == b'?' => Text::new(),
            Some(true) => {
                let text = self.operand_text(word, scope, quoted);
                if kind == b'=' {
                    self.assign_text(&param.name, text.clone());
                }
                text
            }
        }
    }

    /// Whether `${x:-word}` and the like give their word. `None`: read the whole as unknown.
    fn takes_operand(&mut self, param: &Param, value: &Value, kind: u8, colon: bool) -> Option<bool> {
        let set = match value {
            Value::Unset => false,
            Value::Text(text) if colon && text.is_empty() => false,
            Value::Text(text) if colon && text::known(text).is_none() => self.choose_set(&param.name)?,
            Value::Text(_) | Value::List(_) | Value::Map(_) => true,
            // What is not known may be set or not: both are read.
            Value::Outer | Value::Unknown | Value::Function(_) | Value::Reference(_) => self.choose_set(&param.name)?,
        };
        Some(set == (kind == b'+'))
    }

    fn operand_text(&mut self, word: &Word, scope: &Scope, quoted: bool) -> Text {
        self.single_parts(&word.parts, scope, !quoted)
    }

    /// A value as pieces.
    pub(in crate::command) fn pieces(&mut self, name: &str, value: Value) -> Text {
        match value {
            Value::Text(text) => text,
            Value::Unset => Text::new(),
            Value::Outer if name == "HOME" => vec![Piece::Home],
            Value::List(items) => items.first().map(|(_, text)| text.clone()).unwrap_or_default(),
            _ => vec![text::unknown(Why::Variable, name)],
        }
    }

    fn replace(&mut self, known: &str, kind: Replace, pattern: &Word, with: &Word, scope: &Scope) -> Option<String> {
        let pattern = self.pattern(pattern, scope);
        let with = self.single_parts(&with.parts, scope, false);
        let (pattern, with) = (pattern?, text::known(&with)?);
        let longest = |rest: &str| pattern.prefixes(rest).map(|lengths| lengths.last().copied());
        match kind {
            Replace::Prefix => Some(match longest(known)? {
                Some(len) => format!("{with}{}", &known[len..]),
                None => known.to_owned(),
            }),
            Replace::Suffix => {
                let start = suffix_start(known, &pattern, true)?;
                Some(start.map_or(known.to_owned(), |at| format!("{}{with}", &known[..at])))
            }
            Replace::First | Replace::All => {
                let mut out = String::new();
                let mut at = 0;
                let mut work = 0usize;
                while at < known.len() {
                    work += (known.len() - at) * pattern.len();
                    if work > MAX_WORK {
                        return None;
                    }
                    match longest(&known[at..])? {
                        Some(len) if len > 0 => {
                            out.push_str(&with);
                            at += len;
                            if kind == Replace::First {
                                break;
                            }
                        }
                        _ => {
                            let c = known[at..].chars().next()?;
                            out.push(c);
                            at += c.len_utf8();
                        }
                    }
                }
                self.budget.steps(work / 64);
                out.push_str(&known[at..]);
                Some(out)
            }
        }
    }

    fn slice(&mut self, known: &str, offset: &Word, length: Option<&Word>, scope: &Scope) -> Option<String> {
        let chars: Vec<char> = known.chars().collect();
        let count = i64::try_from(chars.len()).ok()?;
        let offset = self.number(offset, scope);
        let length = length.map(|length| self.number(length, scope));
        let offset = offset?;
        let start = if offset < 0 { count + offset } else { offset };
        if start < 0 || start > count {
            return Some(String::new());
        }
        let end = match length {
            None => count,
            Some(length) => match length? {
                length if length < 0 => count + length,
                length => start.saturating_add(length).min(count),
            },
        };
        let range = usize::try_from(start).ok()?..usize::try_from(end.max(start)).ok()?;
        Some(chars[range].iter().collect())
    }

    /// A pattern whose text is known.
    fn pattern(&mut self, word: &Word, scope: &Scope) -> Option<Pattern> {
        Pattern::new(&self.pattern_runs(word, scope)?)
    }

    /// The runs of a pattern with whether they were quoted; `None` where one is unknown.
    pub(in crate::command) fn pattern_runs(&mut self, word: &Word, scope: &Scope) -> Option<Vec<(String, bool)>> {
        let read = |part: &Part| {
            let quoted = matches!(part, Part::Quoted(_) | Part::Double(_));
            let pieces = self.single_parts(std::slice::from_ref(part), scope, false);
            text::known(&pieces).map(|known| (known.into_owned(), quoted))
        };
        // All of them are read, also after one that is not known.
        let runs: Vec<_> = word.parts.iter().map(read).collect();
        runs.into_iter().collect()
    }

    /// Assigns text to a variable.
    pub(in crate::command) fn assign_text(&mut self, name: &str, text: Text) {
        self.charge(text::len(&text));
        self.env.set(Space::Variable, name, Value::Text(text));
    }
}

/// `${x@Q}` and the like; `None` for what depends on more than the text.
fn transformed(known: &str, kind: u8, set: bool) -> Option<String> {
    match kind {
        _ if !set => Some(String::new()),
        b'U' => change_case(known, b'^', true),
        b'u' => change_case(known, b'^', false),
        b'L' => change_case(known, b',', true),
        b'Q' if !known.contains(|c: char| c.is_control()) => Some(super::super::dispatch::quoted(known)),
        b'E' => Some(text::unescape_ansi(known)),
        b'P' => Some(known.to_owned()),
        _ => None,
    }
}

fn strip(known: &str, pattern: &Pattern, suffix: bool, longest: bool) -> Option<String> {
    if suffix {
        let start = suffix_start(known, pattern, longest)?;
        return Some(known[..start.unwrap_or(known.len())].to_owned());
    }
    let lengths = pattern.prefixes(known)?;
    let len = if longest { lengths.last() } else { lengths.first() };
    Some(known[len.copied().unwrap_or(0)..].to_owned())
}

/// Where the shortest or longest matching suffix begins.
fn suffix_start(known: &str, pattern: &Pattern, longest: bool) -> Option<Option<usize>> {
    if known.len() * known.len() * pattern.len() > MAX_WORK {
        return None;
    }
    let mut found = None;
    for (at, _) in known.char_indices().chain([(known.len(), ' ')]) {
        if pattern.is_match(&known[at..])? {
            found = Some(at);
            if longest {
                break;
            }
        }
    }
    Some(found)
}

fn change_case(known: &str, kind: u8, all: bool) -> Option<String> {
    let change = |c: char| -> String {
        match kind {
            b'^' => c.to_uppercase().collect(),
            b',' => c.to_lowercase().collect(),
            _ if c.is_uppercase() => c.to_lowercase().collect(),
            _ => c.to_uppercase().collect(),
        }
    };
    if all {
        return Some(known.chars().map(change).collect());
    }
    let mut chars = known.chars();
    let first = chars.next().map(change).unwrap_or_default();
    Some(first + chars.as_str())
}
