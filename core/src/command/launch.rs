//! Unwraps programs that run other programs, by the table in `launchers.rs`. What a launcher would add or
//! run that cannot be known is said so, never skipped.

mod forms;
mod shell;
mod special;

use super::launchers::{Form, Spec};
use super::run::{Reader, Scope};
use super::text;
use hermes_plugin_api::command::{How, Launcher, Word};

/// The options of a launcher, read.
pub(super) struct Options<'w> {
    /// Those with a value: name without dashes, value.
    pub(super) values: Vec<(String, Option<Word>)>,
    /// All others, short ones one by one.
    pub(super) flags: Vec<String>,
    pub(super) rest: &'w [Word],
    /// The last of them is one that the table does not know: the word after it may be its value.
    pub(super) unsure: bool,
}

/// Most ways in which a line with unknown options is read.
const MAX_READINGS: usize = 4;

impl Options<'_> {
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| names.contains(&&**flag))
    }

    pub(super) fn value(&self, names: &[&str]) -> Option<&Word> {
        let found = self.values.iter().find(|(name, _)| names.contains(&&**name));
        found.and_then(|(_, value)| value.as_ref())
    }
}

impl Reader {
    /// Unwraps a launcher, whose options stand after the first word; false if it runs nothing of its own.
    ///
    /// The word after an option that the table does not know may be its value, or the command: both are read.
    pub(super) fn launch(
        &mut self,
        index: usize,
        spec: &'static Spec,
        program: &str,
        words: &[Word],
        scope: &Scope,
    ) -> bool {
        let before = self.simple.len();
        if spec.form == Form::Shell {
            return self.launch_shell(index, spec, program, words, scope);
        }
        self.launch_form(index, spec, program, words, scope);
        if matches!(
            spec.form,
            Form::Words | Form::Environment | Form::Package | Form::Command | Form::Xargs | Form::Container
        ) {
            let mut rest = &words[1..];
            for _ in 1..MAX_READINGS {
                let options = options(rest, spec);
                rest = options.rest.get(1..).unwrap_or_default();
                if !options.unsure || rest.first().is_none_or(|word| text::known(&word.pieces).is_none()) {
                    break;
                }
                let again: Vec<Word> = words[..1].iter().chain(rest).cloned().collect();
                self.launch_form(index, spec, program, &again, scope);
            }
        }
        self.simple.len() > before
    }

    fn launch_form(&mut self, index: usize, spec: &'static Spec, program: &str, words: &[Word], scope: &Scope) {
        match spec.form {
            Form::Words => self.launch_words(index, spec, program, words, scope),
            Form::Environment => self.launch_environment(index, spec, program, words, scope),
            Form::Package => self.launch_package(index, spec, program, words, scope),
            Form::Dashes => self.launch_dashes(index, spec, program, words, scope),
            Form::After => self.launch_after(index, spec, program, words, scope),
            Form::Named => self.launch_named(index, spec, program, words, scope),
            Form::Shell => {}
            Form::ShellArguments => self.launch_shell_arguments(index, spec, program, words, scope),
            Form::Joined | Form::Local => self.launch_joined(index, spec, program, words, scope),
            Form::Texts => self.launch_texts(index, spec, program, words, scope),
            Form::Command => self.launch_command(index, spec, program, words, scope),
            Form::Login => self.launch_login(index, spec, program, words, scope),
            Form::Input => self.launch_input(index, spec, program, words, scope),
            Form::Xargs => self.launch_xargs(index, spec, program, words, scope),
            Form::Find => self.launch_find(index, program, words, scope),
            Form::Fd => self.launch_fd(index, program, words, scope),
            Form::Parallel => self.launch_parallel(index, spec, program, words, scope),
            Form::Container => self.launch_container(index, spec, program, words, scope),
        }
    }

    fn launch_words(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        let asks = match program {
            "command" => options.has(&["v", "V"]),
            "ionice" | "chrt" | "taskset" | "prlimit" => {
                options.has(&["p", "pid"]) || options.value(&["p", "pid"]).is_some()
            }
            _ => options.has(&["help", "version"]),
        };
        if asks {
            return;
        }
        if program == "entr" && options.has(&["s"]) {
            let texts = options.rest.to_vec();
            return self.local_text(index, &texts, program, scope);
        }
        if program == "screen" && options.has(&["X", "Q", "r", "x", "ls", "list", "wipe"]) {
            return;
        }
        let rest = options.rest.get(spec.operands..).unwrap_or_default();
        self.inner(index, after_dashes(rest).to_vec(), launcher(program, How::Words), scope);
        if program == "runcon" && options.values.is_empty() {
            // `runcon CONTEXT COMMAND …`
            let rest = options.rest.get(1..).unwrap_or_default();
            self.inner(index, rest.to_vec(), launcher(program, How::Words), scope);
        }
    }

    /// `sudo`, `env`: assignments before the command; `env -S` splits a text into words.
    fn launch_environment(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        if program == "sudo"
            && options.has(&["l", "list", "v", "validate", "e", "edit", "K", "k"])
            && options.rest.is_empty()
            || options.has(&["help", "version"])
        {
            return;
        }
        let mut rest = options.rest.to_vec();
        if program.ends_with("env")
            && let Some(value) = options.value(&["S", "split-string"])
        {
            let mut split = self.split_string(value);
            split.extend(rest);
            let again = super::launch::options(&split, spec);
            rest = again.rest.to_vec();
        }
        if program.ends_with("env")
            && rest.first().is_some_and(|word| text::known(&word.pieces).as_deref() == Some("-"))
        {
            rest.remove(0);
        }
        let count = rest.iter().take_while(|word| assignment_name(word).is_some()).count();
        let assignments = rest[..count].iter().filter_map(split_assignment).collect();
        let inner = rest.split_off(count);
        if program == "sudo" && options.has(&["s", "i", "shell", "login"]) && inner.is_empty() {
            return self.shell_input(index, launcher(program, How::Input), scope);
        }
        self.inner_with(index, inner, assignments, launcher(program, How::Words), scope);
    }

    /// `env -S`: words as a shell would split them, without expansions but `${NAME}`.
    fn split_string(&mut self, value: &Word) -> Vec<Word> {
        let Some(known) = text::known(&value.pieces) else {
            return vec![value.clone()];
        };
        special::split_arguments(&known.replace("\\_", " ")).iter().map(|part| text::word(part, value.span)).collect()
    }

    /// `flock FILE -c TEXT` or `flock FILE COMMAND …`.
    fn launch_command(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let mut options = options(&words[1..], spec);
        let operands = options.rest;
        if let Some(after) = operands.get(spec.operands..) {
            let more = super::launch::options(after, spec);
            options.values.extend(more.values);
            options.rest = more.rest;
        }
        if let Some(text) = options.value(&["c", "command"]) {
            let text = text.pieces.clone();
            return self.run_text(index, &text, launcher(program, How::Text), scope);
        }
        self.inner(index, options.rest.to_vec(), launcher(program, How::Words), scope);
    }

    /// `ssh HOST WORD …`, `watch WORD …`: a shell gets the words joined by blanks.
    fn launch_joined(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        for (name, value) in &options.values {
            if let (true, Some(value)) = (name == "o", value) {
                self.connection_option(index, value, program, scope);
            }
        }
        if options.has(&["help", "version", "V", "G"]) {
            return;
        }
        let rest = options.rest.get(spec.operands..).unwrap_or_default();
        let rest = match rest.split_first() {
            Some((first, after)) if text::known(&first.pieces).is_some_and(|word| word == "--") => after,
            _ => rest,
        };
        if program == "watch" && options.has(&["x", "exec"]) {
            return self.inner(index, rest.to_vec(), launcher(program, How::Words), scope);
        }
        let remote = spec.form == Form::Joined;
        let rest = match rest.split_first() {
            Some((first, after)) if program == "sg" && text::known(&first.pieces).as_deref() == Some("-c") => after,
            _ => rest,
        };
        if rest.is_empty() {
            if remote && !options.rest.is_empty() && !options.has(&["N", "f"]) {
                self.shell_input(index, launcher(program, How::Input), scope);
            }
            return;
        }
        let joined = joined(rest);
        self.child(remote, |reader| reader.run_text(index, &joined, launcher(program, How::Text), scope));
    }

    /// Words joined to text for a shell here.
    fn local_text(&mut self, index: usize, words: &[Word], program: &str, scope: &Scope) {
        let joined = joined(words);
        self.child(false, |reader| reader.run_text(index, &joined, launcher(program, How::Text), scope));
    }

    /// `-o ProxyCommand=…` and `-o LocalCommand=…` are shell text.
    fn connection_option(&mut self, index: usize, value: &Word, program: &str, scope: &Scope) {
        let Some(known) = text::known(&value.pieces) else {
            return;
        };
        let Some((key, command)) = known.split_once(['=', ' ']) else {
            return;
        };
        let runs = ["proxycommand", "localcommand", "knownhostscommand"];
        if runs.contains(&key.trim().to_ascii_lowercase().as_str()) {
            let text = text::word(command, value.span).pieces;
            self.run_text(index, &text, launcher(program, How::Text), scope);
        }
    }

    /// `su`, `runuser`, `script`: options may stand anywhere; `-c` is text; otherwise a shell reads input.
    fn launch_login(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let mut rest = &words[1..];
        let mut operands = 0usize;
        let mut by_user = false;
        loop {
            let options = options(rest, spec);
            if options.has(&["help", "version", "h", "V"]) {
                return;
            }
            if let Some(text) = options.value(&["c", "command", "session-command"]) {
                let text = text.pieces.clone();
                return self.child(true, |reader| reader.run_text(index, &text, launcher(program, How::Text), scope));
            }
            by_user |= program == "runuser" && options.value(&["u", "user"]).is_some();
            let Some((first, after)) = options.rest.split_first() else {
                break;
            };
            if by_user {
                return self.inner(index, options.rest.to_vec(), launcher(program, How::Words), scope);
            }
            if program == "script" && operands == 0 {
                // `script FILE COMMAND …`, `script FILE -- COMMAND …`
                self.inner(index, after_dashes(after).to_vec(), launcher(program, How::Words), scope);
            }
            operands += usize::from(text::known(&first.pieces).is_none_or(|word| word != "-"));
            rest = after;
        }
        if operands <= 1 {
            self.child(true, |reader| reader.shell_input(index, launcher(program, How::Input), scope));
        }
    }

    fn launch_input(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        let other = options.value(&["c", "r", "d"]).is_some() || options.has(&["l", "V"]);
        if !other && options.value(&["f"]).is_none() {
            self.child(true, |reader| reader.shell_input(index, launcher(program, How::Input), scope));
        }
    }
}

/// The words joined by blanks.
fn joined(words: &[Word]) -> text::Text {
    let mut joined = text::Text::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            text::push_str(&mut joined, " ");
        }
        text::push_all(&mut joined, &word.pieces);
    }
    joined
}

/// The words without a `--` before them.
fn after_dashes(words: &[Word]) -> &[Word] {
    match words.split_first() {
        Some((first, after)) if text::known(&first.pieces).as_deref() == Some("--") => after,
        _ => words,
    }
}

/// Names a launcher.
pub(super) fn launcher(program: &str, how: How) -> Launcher {
    Launcher { program: program.to_owned(), how }
}

/// Reads options up to the first operand or `--`.
pub(super) fn options<'w>(words: &'w [Word], spec: &Spec) -> Options<'w> {
    let mut options = Options { values: Vec::new(), flags: Vec::new(), rest: words, unsure: false };
    while let Some((first, after)) = options.rest.split_first() {
        let Some(known) = text::known(&first.pieces).or_else(|| leading(first)) else {
            break;
        };
        if known == "--" {
            options.rest = after;
            options.unsure = false;
            break;
        }
        if !known.starts_with('-') || known == "-" {
            break;
        }
        options.rest = after;
        options.unsure = false;
        match known.strip_prefix("--") {
            Some(long) => long_option(long, first, spec, &mut options),
            None => short_options(&known[1..], first, spec, &mut options),
        }
    }
    options
}

/// The known text that a word begins with.
fn leading(word: &Word) -> Option<std::borrow::Cow<'_, str>> {
    match word.pieces.first() {
        Some(hermes_plugin_api::command::Piece::Text(text)) if text.starts_with('-') => Some(text.as_str().into()),
        _ => None,
    }
}

fn long_option(long: &str, word: &Word, spec: &Spec, options: &mut Options<'_>) {
    if let Some((name, _)) = long.split_once('=') {
        let value = cut(word, name.len() + 3);
        return options.values.push((full_name(name, spec), Some(value)));
    }
    let is_flag = spec.flags.contains(&long);
    if !is_flag && spec.pairs.contains(&long) {
        take(options);
        take(options);
        return;
    }
    let takes = !is_flag && spec.long.iter().any(|own| *own == long || own.starts_with(long) && long.len() > 1);
    if !takes {
        let known = ["help", "version"].contains(&long) || spec.flags.iter().any(|own| own.starts_with(long));
        options.unsure = !known;
        return options.flags.push(long.to_owned());
    }
    let value = take(options);
    options.values.push((full_name(long, spec), value));
}

/// Long options may be abbreviated.
fn full_name(name: &str, spec: &Spec) -> String {
    let full = spec.long.iter().find(|own| own.starts_with(name));
    full.map_or(name, |full| full).to_owned()
}

fn short_options(cluster: &str, word: &Word, spec: &Spec, options: &mut Options<'_>) {
    for (at, c) in cluster.char_indices() {
        if !spec.short.contains(c) {
            options.flags.push(c.to_string());
            continue;
        }
        let attached = cut(word, at + 1 + c.len_utf8());
        let value = if attached.pieces.is_empty() { take(options) } else { Some(attached) };
        options.values.push((c.to_string(), value));
        return;
    }
    options.unsure = spec.lax;
}

fn take(options: &mut Options<'_>) -> Option<Word> {
    let (first, after) = options.rest.split_first()?;
    options.rest = after;
    Some(first.clone())
}

/// A word without its first bytes, which are known.
pub(super) fn cut(word: &Word, bytes: usize) -> Word {
    use hermes_plugin_api::command::Piece;
    let mut rest = bytes;
    let mut pieces = text::Text::new();
    for piece in &word.pieces {
        match piece {
            Piece::Text(text) if rest > 0 => {
                let cut = rest.min(text.len());
                rest -= cut;
                text::push_str(&mut pieces, text.get(cut..).unwrap_or_default());
            }
            other => text::push_piece(&mut pieces, other.clone()),
        }
    }
    Word { pieces, span: word.span }
}

/// The name in a word `NAME=value`.
pub(super) fn assignment_name(word: &Word) -> Option<&str> {
    use hermes_plugin_api::command::Piece;
    let Some(Piece::Text(text)) = word.pieces.first() else {
        return None;
    };
    let (name, _) = text.split_once('=')?;
    let valid = !name.is_empty() && !name.starts_with('-') && !name.contains('/');
    valid.then_some(name)
}

fn split_assignment(word: &Word) -> Option<hermes_plugin_api::command::Assignment> {
    let name = assignment_name(word)?.to_owned();
    let value = cut(word, name.len() + 1);
    Some(hermes_plugin_api::command::Assignment { name, value })
}
