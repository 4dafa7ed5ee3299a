//! SQL, as far as rules need it: statements and their words, without comments and the text in quotes.

/// One statement: its words and punctuation, upper-cased, quoted text left out.
pub(super) struct Statement {
    tokens: Vec<String>,
}

/// Splits text into statements. Text in quotes is data, unless its statement runs text (`EXECUTE '…'`,
/// `DO $$…$$`): then what it holds is read too.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut open = vec![text.to_owned()];
    while let Some(text) = open.pop() {
        for (tokens, quoted) in split(&text) {
            let runs_text =
                tokens.iter().any(|token| ["EXECUTE", "EXEC", "PREPARE", "DO", "CALL"].contains(&token.as_str()));
            if runs_text {
                open.extend(quoted.into_iter().filter(|inner| inner.len() < text.len()));
            }
            statements.push(Statement { tokens });
        }
    }
    statements
}

impl Statement {
    /// `DROP TABLE`, `DROP DATABASE` and their synonyms.
    pub(super) fn drops(&self) -> bool {
        self.tokens.windows(2).any(|pair| {
            pair[0] == "DROP"
                && ["TABLE", "DATABASE", "SCHEMA", "KEYSPACE", "TEMPORARY", "FOREIGN"].contains(&pair[1].as_str())
        })
    }

    /// `DELETE … FROM` without a condition, or with one that holds for every row.
    pub(super) fn deletes_all(&self) -> bool {
        let Some(start) = self.tokens.iter().position(|token| token == "DELETE") else {
            return false;
        };
        let clause = &self.tokens[start + 1..];
        let tables = clause.iter().take_while(|token| !["WHERE", "SET"].contains(&token.as_str()));
        tables.clone().take(8).any(|token| token == "FROM")
            && match clause.iter().position(|token| token == "WHERE") {
                None => true,
                Some(at) => always_holds(&clause[at + 1..]),
            }
    }

    /// `TRUNCATE`, as a statement and not as the function of that name.
    pub(super) fn truncates(&self) -> bool {
        self.tokens.iter().enumerate().any(|(at, token)| {
            let next = self.tokens.get(at + 1).map(String::as_str);
            token == "TRUNCATE"
                && (next == Some("TABLE")
                    || (next.is_some_and(|next| next != "(")
                        && (at == 0 || ["BEGIN", "THEN", "ELSE"].contains(&self.tokens[at - 1].as_str()))))
        })
    }
}

fn always_holds(condition: &[String]) -> bool {
    match condition.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["1" | "TRUE"] => true,
        [left, "=", right] => left == right,
        _ => false,
    }
}

/// Reads statements as tokens, with the texts that stood in quotes.
fn split(text: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let mut statements = vec![(Vec::new(), Vec::new())];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (tokens, quoted) = statements.last_mut().expect("there is always an open statement");
        let width = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(inner) = rest.strip_prefix("/*!") {
            // Executable comments of MySQL: what is in them runs.
            3 + inner.find(|c: char| !c.is_ascii_digit()).unwrap_or(0)
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '\'' || c == '"' || c == '`' {
            let end = rest[1..].find(c).map_or(rest.len(), |end| end + 2);
            let inner = rest[1..end].trim_end_matches(c);
            if c == '\'' {
                quoted.push(inner.to_owned());
            }
            tokens.push(if c == '\'' { format!("'{inner}'") } else { inner.to_ascii_uppercase() });
            end
        } else if let Some(tag) = dollar_tag(rest) {
            let body = &rest[tag..];
            let end = body.find(&rest[..tag]).unwrap_or(body.len());
            quoted.push(body[..end].to_owned());
            (tag + end + tag).min(rest.len())
        } else if c == ';' {
            statements.push((Vec::new(), Vec::new()));
            1
        } else if c.is_alphanumeric() || c == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            tokens.push(rest[..end].to_ascii_uppercase());
            end
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            c.len_utf8()
        };
        rest = &rest[width..];
    }
    statements
}

/// The length of `$$` or `$tag$` at the start of the text.
fn dollar_tag(text: &str) -> Option<usize> {
    let body = text.strip_prefix('$')?;
    let end = body.find('$')?;
    body[..end].bytes().all(|c| c.is_ascii_alphabetic() || c == b'_').then_some(end + 2)
}
