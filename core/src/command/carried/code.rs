//! Code of other languages, as far as it hands literal text to a shell or a literal command to the system:
//! `os.system('…')`, `subprocess.run(['rm', …])`, `` `…` ``, `shutil.rmtree('…')`; recipes and schedules.
//!
//! Not a reader of those languages: a net that reads the literal, so that rules and the floor see what it does.
//! That such code runs at all is a rule of its own.

use hermes_plugin_api::command::{Simple, Word};

/// Calls whose literal argument is shell text, or whose literal arguments are a command.
const RUNS: &[&str] = &[
    "system",
    "popen",
    "popen2",
    "popen3",
    "exec",
    "execSync",
    "execFile",
    "execFileSync",
    "execl",
    "execlp",
    "execv",
    "execvp",
    "execa",
    "spawn",
    "spawnSync",
    "spawnlp",
    "posix_spawn",
    "run",
    "call",
    "check_call",
    "check_output",
    "Popen",
    "getoutput",
    "getstatusoutput",
    "create_subprocess_shell",
    "create_subprocess_exec",
    "shell_exec",
    "passthru",
    "proc_open",
    "pcntl_exec",
    "execute",
    "system2",
    "capture2",
    "capture3",
    "cmd",
    "shell",
    "systemlist",
    "jobstart",
    "command",
    "script",
];
/// Calls that delete the tree at their literal argument.
const DELETES: &[&str] = &[
    "rmtree",
    "rm_rf",
    "rm_r",
    "remove_dir_all",
    "remove_tree",
    "rmSync",
    "removeSync",
    "delete-directory",
    "deltree",
];
/// Most literals of one call that are joined.
const MAX_PARTS: usize = 64;

/// Whether a program's arguments, input or script may be such code.
pub(super) fn is_interpreter(simple: &Simple) -> bool {
    simple.is_version_of(&[
        "python",
        "pypy",
        "ipython",
        "perl",
        "ruby",
        "jruby",
        "node",
        "nodejs",
        "bun",
        "deno",
        "tsx",
        "ts-node",
        "php",
        "lua",
        "luajit",
        "Rscript",
        "R",
        "julia",
        "groovy",
        "osascript",
        "emacs",
        "guile",
        "sbcl",
        "elixir",
        "erl",
        "octave",
        "octave-cli",
        "tclsh",
        "raku",
        "awk",
        "gawk",
        "mawk",
        "nawk",
        "vi",
        "vim",
        "nvim",
        "ex",
        "gdb",
        "lldb",
        "uwsgi",
    ])
}

/// The shell texts in the arguments of a program.
pub(super) fn of_arguments(simple: &Simple) -> Vec<Word> {
    let ticks = runs_ticks(simple);
    let known = simple.args().iter().filter_map(|word| Some((word, word.known()?)));
    known.flat_map(|(word, code)| of_code(&code, ticks, word)).collect()
}

/// `PERL5DB='BEGIN { … }' perl -d`: code in a variable.
pub(super) fn of_debugger(simple: &Simple) -> Vec<Word> {
    let given = simple.assignments.iter().filter(|own| own.name == "PERL5DB");
    given.flat_map(|own| of_code(&own.value.leading(), true, &own.value)).collect()
}

/// Whether text in backticks is run.
pub(super) fn runs_ticks(simple: &Simple) -> bool {
    simple.is_version_of(&["perl", "ruby", "jruby", "php", "julia"])
}

/// The shell texts in code. `ticks`: text in backticks is one.
pub(super) fn of_code(code: &str, ticks: bool, place: &Word) -> Vec<Word> {
    let literals = literals(code);
    let mut texts = Vec::new();
    let mut rest = &literals[..];
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if first.quote == '`' {
            texts.extend(ticks.then(|| super::word(&first.text, place)));
            continue;
        }
        let before = &code[..first.start];
        let piped = code[first.end..].trim_start().starts_with("| getline") || before.trim_end().ends_with("| ");
        let Some(call) = call_before(before).or(piped.then_some("system")) else {
            continue;
        };
        let joins = |own: &Literal, next: &Literal| {
            code[own.end..next.start].chars().all(|c| c.is_whitespace() || ",[".contains(c)) && own.end < next.start
        };
        let mut parts = vec![first.text.as_str()];
        let mut last = first;
        while let Some((next, after)) = rest.split_first()
            && parts.len() < MAX_PARTS
            && joins(last, next)
        {
            parts.push(&next.text);
            (last, rest) = (next, after);
        }
        if DELETES.contains(&call) {
            texts.push(super::word(&format!("rm -r {}", quoted(&parts)), place));
        } else if parts.len() == 1 {
            texts.push(super::word(parts[0], place));
        } else {
            texts.push(super::word(&quoted(&parts), place));
        }
    }
    texts
}

fn quoted(parts: &[&str]) -> String {
    let words: Vec<String> = parts.iter().map(|part| crate::command::dispatch::quoted(part)).collect();
    words.join(" ")
}

/// The name of the call that a literal is the first argument of, if it is one of those.
fn call_before(before: &str) -> Option<&'static str> {
    let open = before.trim_end_matches(|c: char| c.is_whitespace() || "([{".contains(c));
    if open.len() == before.len() || before.len() - open.len() > 16 {
        return None;
    }
    let name = open.rsplit(|c: char| !c.is_alphanumeric() && !"_-".contains(c)).next()?;
    RUNS.iter().chain(DELETES).find(|own| **own == name || (**own == "command" && name == "shell-command")).copied()
}

struct Literal {
    quote: char,
    text: String,
    /// Where its quote opens.
    start: usize,
    /// After the closing quote.
    end: usize,
}

/// The texts in quotes, escapes resolved as far as they are simple. A letter before a quote belongs to it: `f'…'`.
fn literals(code: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let mut chars = code.char_indices();
    while let Some((at, quote)) = chars.next() {
        if !matches!(quote, '\'' | '"' | '`') {
            continue;
        }
        let mut text = String::new();
        while let Some((end, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                c if c == quote => {
                    let prefix = code[..at].chars().next_back().filter(|c| "frbuFRBU".contains(*c));
                    let before = code[..at].chars().rev().nth(1);
                    let bare = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
                    let start = at - prefix.filter(|_| bare).map_or(0, char::len_utf8);
                    found.push(Literal { quote, text, start, end: end + 1 });
                    break;
                }
                other => text.push(other),
            }
        }
    }
    found
}

/// The recipes and `$(shell …)` of a makefile.
pub(super) fn of_makefile(text: &str) -> Vec<Word> {
    let place = Word::default();
    let mut texts = Vec::new();
    for line in text.lines() {
        let recipe = match line.strip_prefix('\t') {
            Some(recipe) => Some(recipe),
            None => line.split_once(';').filter(|(rule, _)| rule.contains(':')).map(|(_, recipe)| recipe),
        };
        if let Some(recipe) = recipe {
            texts
                .push(super::word(&recipe.trim_start().trim_start_matches(['@', '-', '+']).replace("$$", "$"), &place));
        }
        for (at, mark) in line.match_indices("$(shell ") {
            let inner = &line[at + mark.len()..];
            texts.push(super::word(inner.rsplit_once(')').map_or(inner, |(inner, _)| inner), &place));
        }
    }
    texts
}

/// The commands of a table of `crontab`.
pub(super) fn of_crontab(text: &str) -> Vec<Word> {
    let command = |line: &str| {
        let line = line.trim_start();
        let fields = if line.starts_with('@') { 1 } else { 5 };
        let timed = line.starts_with(|c: char| c == '@' || c == '*' || c.is_ascii_digit());
        let mut rest = line;
        for _ in 0..fields {
            rest = rest.trim_start().split_once([' ', '\t'])?.1;
        }
        timed.then(|| super::word(rest.trim_start(), &Word::default()))
    };
    text.lines().filter_map(command).collect()
}
