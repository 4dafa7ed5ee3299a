//! Programs with a small language of their own, in which something runs shell text: editors, `sed`, database
//! clients, terminals, debuggers.

use hermes_plugin_api::command::{Simple, Stdin, Word};
use hermes_plugin_api::vocabulary::Syntax;

/// `-c '!TEXT'`, `+!TEXT`, `-c 'r !TEXT'`.
pub(super) fn of_editor(simple: &Simple) -> Vec<Word> {
    const SYNTAX: Syntax =
        Syntax { short_values: "cSuTtw", long_values: &["cmd", "startuptime", "listen"], ..Syntax::GNU };
    let parsed = simple.parse(&SYNTAX);
    let plus = parsed.operands.iter().filter_map(|word| word.strip_prefix("+"));
    let given = parsed.values('c', "cmd").cloned().chain(plus);
    given.filter_map(|word| Some(super::word(shell_of_editor(&word.leading())?, &word))).collect()
}

/// Whether a program takes commands from its standard input, of which some run shell text.
pub(super) fn reads_commands(program: &str, simple: &Simple) -> bool {
    match program {
        "ed" | "ex" | "ftp" | "sftp" | "lftp" | "expect" => true,
        "vi" | "vim" | "nvim" => simple.has_flag('s', "") || simple.args().iter().any(|word| word.is("-")),
        _ => false,
    }
}

/// The shell texts in such input: `!TEXT`, `r !TEXT`; `spawn TEXT`.
pub(super) fn of_input(program: &str, input: &str) -> Vec<Word> {
    let place = Word::default();
    let runs = |line: &str| match program {
        "expect" => spawned(line).map(|text| super::word(text, &place)),
        _ => shell_of_editor(line).map(|text| super::word(text, &place)),
    };
    input.lines().filter_map(runs).collect()
}

/// `less +!TEXT`.
pub(super) fn of_pager(simple: &Simple) -> Vec<Word> {
    simple.args().iter().filter_map(|word| word.strip_prefix("+!")).collect()
}

/// `apt -o APT::Update::Pre-Invoke::=TEXT`, `-o Dpkg::Post-Invoke=TEXT`.
pub(super) fn of_apt(simple: &Simple) -> Vec<Word> {
    const APT: Syntax = Syntax { short_values: "ocat", long_values: &["option", "config-file"], ..Syntax::GNU };
    let runs = |setting: &Word| {
        let text = setting.leading();
        let (key, _) = text.split_once('=')?;
        let hooks = ["pre-invoke", "post-invoke", "pre-install-pkgs"];
        let name = key.to_ascii_lowercase();
        hooks.iter().any(|hook| name.contains(hook)).then(|| setting.strip_prefix(&format!("{key}=")))?
    };
    simple.parse(&APT).values('o', "option").filter_map(runs).collect()
}

/// What a script of `expect` starts.
fn spawned(line: &str) -> Option<&str> {
    let line = line.trim_start();
    ["spawn ", "exec ", "system "].iter().find_map(|mark| line.strip_prefix(mark))
}

/// What follows `!` where nothing but a range and the name of a command that takes a shell stands before it.
fn shell_of_editor(text: &str) -> Option<&str> {
    let bare = text.trim_start_matches([':', ' ']);
    if let Some(shell) = ["terminal ", "term ", "ter "].iter().find_map(|mark| bare.strip_prefix(mark)) {
        return Some(shell);
    }
    let (before, shell) = text.split_once('!')?;
    let before = before.trim_start_matches(|c: char| ": \t0123456789,%$.'<>;".contains(c)).trim_end();
    let takes =
        ["", "r", "read", "w", "write", "silent", "sil", "ter", "terminal", "exe", "execute", "silent w", "silent r"];
    let shell = if before.starts_with("sil") { shell.trim_start().trim_start_matches('!') } else { shell };
    takes.contains(&before).then_some(shell)
}

/// The text after `e` in a script: `1e TEXT`.
pub(super) fn of_sed(simple: &Simple) -> Vec<Word> {
    let mut texts = Vec::new();
    for script in sed_scripts(simple) {
        for command in script.leading().split('\n') {
            if let Some(text) = sed_command(command).strip_prefix("e ") {
                texts.push(super::word(text, &script));
            }
        }
    }
    texts
}

/// Whether a program runs what it reads or edits: `sed 'e'`, `sed 's/x/y/e'`.
pub(super) fn runs_own_text(program: &str, simple: &Simple) -> bool {
    matches!(program, "sed" | "gsed")
        && sed_scripts(simple).iter().any(|script| {
            script.leading().split('\n').any(|command| {
                let command = sed_command(command);
                command == "e" || substitution_flags(command).is_some_and(|flags| flags.contains('e'))
            })
        })
}

/// `gcc -wrapper PROGRAM,ARGUMENT,…`: it runs in place of what the compiler runs, which follows.
pub(super) fn of_compiler(simple: &Simple) -> Vec<Word> {
    let pairs = simple.args().windows(2).filter(|pair| pair[0].is("-wrapper"));
    pairs.map(|pair| super::word(&pair[1].leading().replace(',', " "), &pair[1])).collect()
}

fn sed_scripts(simple: &Simple) -> Vec<Word> {
    const SYNTAX: Syntax = Syntax {
        short_values: "efl",
        short_optional: "iI",
        long_values: &["expression", "file", "line-length"],
        ..Syntax::GNU
    };
    let parsed = simple.parse(&SYNTAX);
    let given: Vec<Word> = parsed.values('e', "expression").cloned().collect();
    match given.is_empty() && !parsed.has('f', "file") {
        true => parsed.operands.first().map(|word| (*word).clone()).into_iter().collect(),
        false => given,
    }
}

/// A command of a script without its address: `1,$!e x` is `e x`.
fn sed_command(command: &str) -> &str {
    let mut rest = command.trim_start();
    loop {
        let next = rest.trim_start_matches(|c: char| c.is_ascii_digit() || "$,!~+{; \t".contains(c));
        let next = match next.strip_prefix('/') {
            Some(pattern) => after_delimiter(pattern, '/').map_or("", |rest| rest.trim_start_matches(['I', 'M'])),
            None => next,
        };
        if next.len() == rest.len() {
            return rest.trim_end().trim_end_matches('}').trim_end();
        }
        rest = next;
    }
}

/// The flags of an `s` command.
fn substitution_flags(command: &str) -> Option<&str> {
    let body = command.strip_prefix('s')?;
    let delimiter = body.chars().next().filter(|c| !c.is_alphanumeric() && !c.is_whitespace())?;
    let rest = after_delimiter(&body[delimiter.len_utf8()..], delimiter)?;
    let flags = after_delimiter(rest, delimiter)?;
    let end = flags.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(flags.len());
    let flags = &flags[..end];
    // `w` takes the rest of the line for a file name.
    Some(flags.split('w').next().unwrap_or(flags))
}

fn after_delimiter(text: &str, delimiter: char) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == delimiter => return Some(&text[at + c.len_utf8()..]),
            _ => {}
        }
    }
    None
}

/// `\! TEXT`, `system TEXT`, `.shell TEXT` in what a database client is given.
pub(super) fn of_client(simple: &Simple) -> Vec<Word> {
    let mut texts: Vec<Word> = simple.args().to_vec();
    if let Stdin::Text(word) = &simple.stdin {
        texts.push(word.clone());
    }
    let mut found = Vec::new();
    for word in &texts {
        for line in word.leading().lines() {
            let shell = ["\\!", ".shell ", ".system ", "system ", "\\system "];
            let line = line.trim_start();
            found.extend(shell.iter().filter_map(|mark| line.strip_prefix(mark)).map(|text| super::word(text, word)));
        }
    }
    found
}

/// `tmux new-session TEXT`, `tmux send-keys TEXT Enter`; `screen -X stuff TEXT`.
pub(super) fn of_terminal(program: &str, simple: &Simple) -> Vec<Word> {
    const SYNTAX: Syntax = Syntax { short_values: "cfLST", stops_at_operand: true, ..Syntax::GNU };
    const SCREEN: Syntax = Syntax { short_values: "cehpsStT", stops_at_operand: true, ..Syntax::GNU };
    if program == "screen" {
        let parsed = simple.parse(&SCREEN);
        let runs = parsed.has('X', "") && parsed.operand_is(0, &["stuff", "exec", "screen"]);
        return if runs { joined(&parsed.operands[1..], " ") } else { Vec::new() };
    }
    let parsed = simple.parse(&SYNTAX);
    let mut texts: Vec<Word> = parsed.values('c', "").cloned().collect();
    for command in parsed.operands.split(|word| word.is_any(&[";", "\\;"])) {
        texts.extend(of_tmux(command));
    }
    texts
}

/// One command of `tmux`: its words are one text, or each is one.
fn of_tmux(command: &[&Word]) -> Vec<Word> {
    const RUNS: &[&str] = &[
        "new",
        "new-session",
        "neww",
        "new-window",
        "splitw",
        "split-window",
        "respawnp",
        "respawn-pane",
        "respawnw",
        "respawn-window",
        "run",
        "run-shell",
        "popup",
        "display-popup",
        "pipe-pane",
        "pipep",
    ];
    const VALUES: Syntax = Syntax { short_values: "sntcexyFLSfTplwhdE", ..Syntax::GNU };
    const NEW: Syntax = Syntax { short_values: "sntcexyFLSfTplwh", stops_at_operand: true, ..Syntax::GNU };
    let Some((verb, rest)) = command.split_first() else {
        return Vec::new();
    };
    let rest: Vec<Word> = rest.iter().map(|word| (*word).clone()).collect();
    if verb.is_any(RUNS) {
        return joined(&NEW.parse(&rest).operands, " ");
    }
    if verb.is_any(&["send", "send-keys"]) {
        return joined(&NEW.parse(&rest).operands, "");
    }
    let operands = VALUES.parse(&rest).operands;
    let is_command = |word: &&Word| word.is_any(&["default-command", "lock-command", "status-left", "status-right"]);
    match verb.leading().as_ref() {
        "if" | "if-shell" => operands.into_iter().cloned().collect(),
        "set" | "set-option" if operands.iter().any(is_command) => joined(&operands[operands.len() - 1..], ""),
        "set-hook" | "bind" | "bind-key" => {
            let quoted = |word: &Word| {
                word.leading().split_once(['"', '\'']).map(|(_, text)| text.trim_end_matches(['"', '\'']).to_owned())
            };
            operands.iter().filter_map(|word| Some(super::word(&quoted(word)?, word))).collect()
        }
        _ => Vec::new(),
    }
}

/// Words as one text; names of keys are what they type.
fn joined(words: &[&Word], between: &str) -> Vec<Word> {
    let Some(first) = words.first() else {
        return Vec::new();
    };
    let mut text = String::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        match word.known().as_deref() {
            Some("Enter" | "C-m" | "KPEnter" | "C-j") if between.is_empty() => text.push('\n'),
            Some("Space") if between.is_empty() => text.push(' '),
            Some("C-c" | "C-d" | "C-u" | "C-l" | "Escape") if between.is_empty() => text.push('\n'),
            Some(known) => text.push_str(known),
            None => text.push_str("\"$unknown\""),
        }
    }
    vec![super::word(&text, first)]
}

/// `-ex 'shell TEXT'`, `-ex '!TEXT'`.
pub(super) fn of_debugger(simple: &Simple) -> Vec<Word> {
    let shell = |word: &Word| {
        let text = word.leading();
        let shell = ["shell ", "!", "platform shell "].iter().find_map(|mark| text.strip_prefix(mark))?;
        Some(super::word(shell, word))
    };
    simple.args().iter().filter_map(shell).collect()
}

/// `ansible HOSTS -m shell -a TEXT`; the module is `command` by default.
pub(super) fn of_ansible(simple: &Simple) -> Vec<Word> {
    const SYNTAX: Syntax = Syntax {
        short_values: "amieluMfTBPtK",
        long_values: &["args", "module-name", "inventory", "extra-vars", "limit", "user"],
        ..Syntax::GNU
    };
    let parsed = simple.parse(&SYNTAX);
    let runs = parsed.value('m', "module-name").is_none_or(|module| {
        module.known().is_some_and(|name| {
            ["command", "shell", "raw", "script"].contains(&name.rsplit('.').next().unwrap_or(&name))
        })
    });
    match runs {
        true => parsed.values('a', "args").cloned().collect(),
        false => Vec::new(),
    }
}
