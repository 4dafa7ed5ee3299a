//! `sed` with plain substitutions over known text. Anything else is unknown.

/// What `sed` makes of known input, if its script is nothing but `s` with text, `^` and `$`.
pub(super) fn sed(options: &[String], operands: &[String], input: &str) -> Option<String> {
    let script = match (options, operands) {
        ([], [script]) => script,
        ([option, script], []) if option == "-e" => script,
        _ => return None,
    };
    let commands: Vec<Substitution> = commands(script)?;
    let mut out = String::with_capacity(input.len());
    for line in input.split_inclusive('\n') {
        let body = line.strip_suffix('\n').unwrap_or(line);
        let mut text = body.to_owned();
        for command in &commands {
            text = command.apply(&text)?;
        }
        out.push_str(&text);
        out.push_str(&line[body.len()..]);
    }
    Some(out)
}

struct Substitution {
    from: String,
    to: String,
    start: bool,
    end: bool,
    all: bool,
}

impl Substitution {
    fn apply(&self, text: &str) -> Option<String> {
        /// Longer results are not computed.
        const LONGEST: usize = 128 * 1024;
        let matches = match (self.start, self.end) {
            (true, true) => text == self.from,
            (true, false) => text.starts_with(&self.from),
            (false, true) => text.ends_with(&self.from),
            (false, false) => true,
        };
        let result = match (self.start, self.end) {
            _ if !matches => text.to_owned(),
            (true, _) => format!("{}{}", self.to, &text[self.from.len()..]),
            (_, true) => format!("{}{}", &text[..text.len() - self.from.len()], self.to),
            _ if self.all => text.replace(&self.from, &self.to),
            _ => text.replacen(&self.from, &self.to, 1),
        };
        (result.len() <= LONGEST).then_some(result)
    }
}

fn commands(script: &str) -> Option<Vec<Substitution>> {
    let mut commands = Vec::new();
    let mut rest = script.trim_start_matches([' ', '\t', ';', '\n']);
    while !rest.is_empty() {
        let mut chars = rest.strip_prefix('s')?.chars();
        let delimiter = chars.next().filter(|c| c.is_ascii_punctuation() && *c != '\\')?;
        let mut parts = chars.as_str().splitn(3, delimiter);
        let (pattern, to, after) = (parts.next()?, parts.next()?, parts.next()?);
        if pattern.contains(['\\', '*', '.', '[', ']', '\n']) || to.contains(['\\', '&', '\n']) {
            return None;
        }
        let start = pattern.starts_with('^');
        let end = pattern.ends_with('$');
        let from = pattern[usize::from(start)..pattern.len() - usize::from(end)].to_owned();
        if from.contains(['^', '$']) || from.is_empty() {
            return None;
        }
        let all = after.starts_with('g');
        let after = &after[usize::from(all)..];
        if !after.is_empty() && !after.starts_with([';', '\n', ' ']) {
            return None;
        }
        commands.push(Substitution { from, to: to.to_owned(), start, end, all });
        rest = after.trim_start_matches([' ', '\t', ';', '\n']);
    }
    (!commands.is_empty()).then_some(commands)
}
