//! Arithmetic over known values: `$((…))`, `((…))`, `let`. Anything else is unknown, never guessed.

use crate::command::ast::Word;
use crate::command::env::{Leaves, Space, Value};
use crate::command::run::{Reader, Scope};
use crate::command::text::{self, Text};
use hermes_plugin_api::command::{Piece, Why};

/// Deepest nesting of operators that is computed.
const MAX_DEPTH: usize = 24;

impl Reader {
    /// Expands and computes an arithmetic expression.
    pub(in crate::command) fn arithmetic(&mut self, word: &Word, scope: &Scope) -> Text {
        let pieces = self.single_parts(&word.parts, scope, false);
        match text::known(&pieces).map(|known| self.compute(&known)) {
            Some(Some(value)) => vec![Piece::Text(value.to_string())],
            Some(None) => vec![text::unknown(Why::Arithmetic, "")],
            None => {
                let shown: String = pieces
                    .iter()
                    .filter_map(|piece| match piece {
                        Piece::Text(text) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                self.forget_assigned(&shown);
                vec![text::unknown(Why::Arithmetic, "")]
            }
        }
    }

    /// Computes an expression, with its assignments. `None` where a value is not known.
    pub(in crate::command) fn compute(&mut self, expression: &str) -> Option<i64> {
        if expression.contains("$(") || expression.contains('`') {
            self.opaque("Arithmetic may run a command that is hidden in a value", None);
        }
        self.budget.steps(expression.len() / 16 + 1);
        let mut sum = Sum { reader: self, text: expression.as_bytes(), at: 0, depth: 0, live: true };
        let value = sum.comma();
        sum.blank();
        let whole = sum.at == expression.len();
        if value.is_none() || !whole {
            self.forget_assigned(expression);
        }
        value.filter(|_| whole)
    }

    /// Makes every variable that an expression may have assigned unknown.
    fn forget_assigned(&mut self, expression: &str) {
        if !expression.contains('=') && !expression.contains("++") && !expression.contains("--") {
            return;
        }
        for name in expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                self.env.set(Space::Variable, name, Value::Unknown);
            }
        }
    }
}

struct Sum<'r, 't> {
    reader: &'r mut Reader,
    text: &'t [u8],
    at: usize,
    depth: usize,
    live: bool,
}

/// Binary operators by rising precedence.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
    &["**"],
];

impl Sum<'_, '_> {
    fn comma(&mut self) -> Option<i64> {
        loop {
            let value = self.assignment()?;
            if !self.eat(",") {
                return Some(value);
            }
        }
    }

    fn apply(&mut self, op: &str, left: i64, right: i64) -> Option<i64> {
        if right == 0 && matches!(op, "/" | "%") {
            self.reader.env.leave(Leaves::Line);
        }
        apply(op, left, right)
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let value = inner(self);
        self.depth -= 1;
        value
    }

    fn assignment(&mut self) -> Option<i64> {
        self.blank();
        let start = self.at;
        if let Some(name) = self.name() {
            self.blank();
            const OPS: &[&str] = &["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "="];
            let op = OPS.iter().find(|op| self.starts(op) && !self.starts("=="));
            if let Some(op) = op {
                self.at += op.len();
                let right = self.deeper(Self::assignment)?;
                let value = match op.strip_suffix('=') {
                    Some("") | None => right,
                    Some(op) => {
                        let left = self.value_of(&name)?;
                        self.apply(op, left, right)?
                    }
                };
                return self.assign(&name, value);
            }
            self.at = start;
        }
        self.ternary()
    }

    fn assign(&mut self, name: &str, value: i64) -> Option<i64> {
        if self.live {
            self.reader.assign_text(name, vec![Piece::Text(value.to_string())]);
        }
        Some(value)
    }

    fn ternary(&mut self) -> Option<i64> {
        let condition = self.binary(0)?;
        self.blank();
        if !self.eat("?") {
            return Some(condition);
        }
        let outer = self.live;
        self.live = outer && condition != 0;
        let yes = self.deeper(Self::assignment);
        self.live = outer && condition == 0;
        let no = if self.eat(":") { self.deeper(Self::assignment) } else { None };
        self.live = outer;
        let (yes, no) = (yes?, no?);
        Some(if condition != 0 { yes } else { no })
    }

    fn binary(&mut self, level: usize) -> Option<i64> {
        let Some(ops) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(op) = self.operator(ops) {
            self.at += op.len();
            if op == "**" {
                let right = self.deeper(|sum| sum.binary(level))?;
                return left.checked_pow(u32::try_from(right).ok()?);
            }
            let outer = self.live;
            self.live = outer && !(op == "||" && left != 0) && !(op == "&&" && left == 0);
            let right = self.binary(level + 1);
            self.live = outer;
            left = self.apply(op, left, right?)?;
        }
        Some(left)
    }

    fn operator(&mut self, ops: &[&'static str]) -> Option<&'static str> {
        self.blank();
        let op = ops.iter().find(|op| self.starts(op))?;
        let next = self.text.get(self.at + op.len()).copied();
        let longer = match *op {
            "|" => matches!(next, Some(b'|' | b'=')),
            "&" => matches!(next, Some(b'&' | b'=')),
            "<" => next == Some(b'<'),
            ">" => next == Some(b'>'),
            "*" => matches!(next, Some(b'*' | b'=')),
            "+" | "-" | "/" | "%" | "^" | "<<" | ">>" => next == Some(b'='),
            _ => false,
        };
        (!longer).then_some(op)
    }

    fn unary(&mut self) -> Option<i64> {
        self.blank();
        for op in ["++", "--"] {
            if self.starts(op) {
                let start = self.at;
                self.at += 2;
                self.blank();
                if let Some(name) = self.name() {
                    let value = self.value_of(&name)?.wrapping_add(if op == "++" { 1 } else { -1 });
                    return self.assign(&name, value);
                }
                self.at = start;
            }
        }
        match self.text.get(self.at)? {
            b'!' => self.prefixed(|n| i64::from(n == 0)),
            b'~' => self.prefixed(|n| !n),
            b'-' => self.prefixed(i64::wrapping_neg),
            b'+' => self.prefixed(|n| n),
            b'(' => {
                self.at += 1;
                let value = self.deeper(Self::comma)?;
                self.eat(")").then_some(value)
            }
            b'0'..=b'9' => self.number(),
            _ => self.variable(),
        }
    }

    fn prefixed(&mut self, apply: impl FnOnce(i64) -> i64) -> Option<i64> {
        self.at += 1;
        self.deeper(Self::unary).map(apply)
    }

    fn variable(&mut self) -> Option<i64> {
        let name = self.name()?;
        let value = self.value_of(&name)?;
        for (op, by) in [("++", 1), ("--", -1)] {
            if self.starts(op) {
                self.at += 2;
                self.assign(&name, value.wrapping_add(by))?;
            }
        }
        Some(value)
    }

    fn number(&mut self) -> Option<i64> {
        let rest = &self.text[self.at..];
        let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'#' | b'@' | b'_')).count();
        self.at += len;
        parse_number(std::str::from_utf8(&rest[..len]).ok()?)
    }

    fn value_of(&mut self, name: &str) -> Option<i64> {
        if self.text.get(self.at) == Some(&b'[') {
            return None;
        }
        let value = self.reader.variable(name);
        let pieces = match value {
            Value::Unset => return Some(0),
            Value::Text(pieces) => pieces,
            _ => return None,
        };
        let known = text::known(&pieces)?.trim().to_owned();
        if known.is_empty() {
            return Some(0);
        }
        if let Some(number) = parse_number(&known) {
            return Some(number);
        }
        if known.contains("$(") || known.contains('`') {
            self.reader.opaque("Arithmetic may run a command that is hidden in a value", None);
        }
        None
    }

    fn name(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        if !matches!(rest.first(), Some(b) if b.is_ascii_alphabetic() || *b == b'_') {
            return None;
        }
        let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        self.at += len;
        Some(String::from_utf8_lossy(&rest[..len]).into_owned())
    }

    fn starts(&self, op: &str) -> bool {
        self.text[self.at..].starts_with(op.as_bytes())
    }

    fn eat(&mut self, op: &str) -> bool {
        self.blank();
        let here = self.starts(op);
        self.at += if here { op.len() } else { 0 };
        here
    }

    fn blank(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n')) {
            self.at += 1;
        }
    }
}

/// Decimal, octal, hexadecimal and `base#digits`.
fn parse_number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let value = if let Some((base, digits)) = digits.split_once('#') {
        let base: u32 = base.parse().ok().filter(|base| (2..=36).contains(base))?;
        i64::from_str_radix(digits, base).ok()
    } else if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        i64::from_str_radix(hex, 16).ok()
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()
    } else if digits.starts_with(|c: char| c.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }?;
    Some(if negative { value.wrapping_neg() } else { value })
}

fn apply(op: &str, left: i64, right: i64) -> Option<i64> {
    let shift = || u32::try_from(right & 63).unwrap_or(0);
    Some(match op {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(shift()),
        ">>" => left.wrapping_shr(shift()),
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right)?,
        "%" => left.checked_rem(right)?,
        _ => return None,
    })
}
