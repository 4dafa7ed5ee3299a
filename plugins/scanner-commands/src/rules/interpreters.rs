//! Code given on the command line: to shells, and to interpreters.

use hermes_plugin_api::command::{Stdin, Why, Word};
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

use super::programs::{self, Program};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| !case.only_asks_help() && gives_shell_code(case),
        alternative: "Run the command itself",
        ..Rule::new("shell-code", "shell command execution via -c flag", Severity::Medium)
    },
    Rule {
        matches: |case| !case.only_asks_help() && gives_code(case),
        alternative: "Write the script to a file, so that it can be read before it runs",
        ..Rule::new("script-code", "script execution via -e/-c flag", Severity::Medium)
    },
    Rule {
        matches: |case| reads_code(case),
        alternative: "Write the script to a file, so that it can be read before it runs",
        ..Rule::new("script-input", "script execution via standard input", Severity::Medium)
    },
    Rule {
        matches: |case| case.program().is_some_and(|program| mixes_scripts(&program)),
        ..Rule::new("lookalike-program", "program name in look-alike letters", Severity::High)
    },
];

fn gives_shell_code(case: &Case) -> bool {
    if programs::is_shell(case) {
        return matches!(programs::program_of(case), Program::Text(_));
    }
    if case.is(&["eval"]) {
        return !case.args().is_empty();
    }
    if case.is_version_of(&["pwsh", "powershell"]) {
        return case.args().iter().any(|word| is_powershell_code(&word.leading()));
    }
    const SYNTAX: Syntax = Syntax {
        short_values: "cugGsw",
        long_values: &["command", "session-command", "shell", "user", "group"],
        ..Syntax::GNU
    };
    if case.is(&["su", "runuser", "script"]) {
        let parsed = case.parse(&SYNTAX);
        return parsed.has('c', "command") || parsed.has('\0', "session-command");
    }
    case.is(&["sg", "newgrp"]) && case.args().iter().any(|word| word.is("-c"))
}

fn is_powershell_code(option: &str) -> bool {
    let option = option.to_ascii_lowercase();
    option.strip_prefix(['-', '/']).is_some_and(|name| {
        !name.is_empty()
            && (["command", "encodedcommand"].iter().any(|long| long.starts_with(name))
                || name == "ec"
                || name == "enc")
    })
}

fn gives_code(case: &Case) -> bool {
    if case.is(&["awk", "gawk", "mawk", "nawk", "original-awk"]) {
        return case.args().iter().any(|word| {
            let text: String = word.fragments().collect();
            runs_commands(&text)
        });
    }
    let says = |n: usize, words: &[&str]| case.args().get(n).is_some_and(|word| word.is_any(words));
    if case.is(&["deno", "crystal"]) {
        return says(0, &["eval"]);
    }
    let one = |names: &[&str]| case.args().iter().any(|word| word.is_any(names));
    if case.is(&["make", "gmake"]) {
        return case.args().iter().any(|word| {
            let text = word.leading();
            text.starts_with("--eval") || text.starts_with("-E")
        });
    }
    if case.is(&["gdb", "lldb"]) {
        return case.args().iter().any(|word| {
            ["python ", "script ", "py ", "guile "].iter().any(|begins| word.leading().starts_with(begins))
        });
    }
    if case.is(&["vi", "vim", "nvim", "ex", "view", "gvim"]) {
        return case.args().iter().any(|word| is_editor_code(&word.leading()));
    }
    if case.is(&[
        "erl", "sbcl", "guile", "racket", "emacs", "clojure", "clj", "bb", "scala", "swift", "stack", "ghc", "irb",
    ]) {
        return one(&["-e", "-eval", "--eval", "-c"]);
    }
    !programs::is_shell(case)
        && case.is_version_of(programs::INTERPRETERS)
        && matches!(programs::program_of(case), Program::Text(_))
}

/// `:call system(…)`, `:py3 …`, `:lua …`: what an editor is told to run of another language.
fn is_editor_code(text: &str) -> bool {
    let text = text.trim_start_matches(['+', ':', ' ']);
    let text = text.strip_prefix("silent ").or_else(|| text.strip_prefix("silent! ")).unwrap_or(text);
    ["py ", "python ", "py3 ", "python3 ", "pyx ", "lua ", "ruby ", "perl ", "tcl "]
        .iter()
        .any(|begins| text.starts_with(begins))
        || ["system(", "systemlist(", "jobstart(", "job_start(", "term_start("].iter().any(|call| text.contains(call))
}

/// A shell or interpreter without a script takes its standard input for one, and the line says what that is.
fn reads_code(case: &Case) -> bool {
    let fed = matches!(case.stdin, Stdin::Text(_) | Stdin::Pipe(_))
        || matches!(&case.stdin, Stdin::File(word) if word.is_unknown());
    // `<(…)` in place of a file.
    let is_pipe = |word: &Word| word.unknowns().any(|unknown| unknown.why == Why::Process);
    let is_input = |word: &Word| word.is_any(&["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);
    if programs::is_interpreter(case) {
        return match programs::program_of(case) {
            Program::Input => fed,
            Program::File(word) => is_pipe(word) && !programs::is_shell(case),
            Program::Text(_) | Program::Nothing => false,
        };
    }
    if case.is(&["source", "."]) {
        return fed && case.args().first().is_some_and(is_input);
    }
    if case.is(&["make", "gmake"]) {
        const SYNTAX: Syntax = Syntax {
            short_values: "fCIjloW",
            long_values: &["file", "makefile", "directory", "include-dir"],
            ..Syntax::GNU
        };
        let parsed = case.parse(&SYNTAX);
        let files = parsed.values('f', "file").chain(parsed.values('\0', "makefile"));
        return files.into_iter().any(|word| (fed && is_input(word)) || is_pipe(word));
    }
    case.is(&["vi", "vim", "nvim", "ex", "emacs"])
        && case.args().iter().any(is_pipe)
        && case.args().iter().any(|word| word.is_any(&["-S", "-s", "-l", "--load", "-u"]))
}

/// Whether Latin letters stand in one word with Greek or Cyrillic ones, many of which look the same.
fn mixes_scripts(name: &str) -> bool {
    let foreign = |c: char| matches!(c, '\u{370}'..='\u{58f}' | '\u{1c80}'..='\u{1c8f}' | '\u{2de0}'..='\u{2dff}' | '\u{a640}'..='\u{a69f}');
    name.split(|c: char| !c.is_alphabetic())
        .any(|word| word.contains(foreign) && word.contains(|c: char| c.is_ascii_alphabetic()))
}

/// Whether an `awk` program runs commands: `system(…)`, `"…" | getline`, `print | "…"`.
fn runs_commands(program: &str) -> bool {
    let code = without_text(program);
    let calls_system = code.match_indices("system").any(|(at, word)| {
        !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            && code[at + word.len()..].trim_start().starts_with('(')
    });
    calls_system || pipes(program)
}

/// Whether a program pipes into or out of a command, other than into one that only sorts or counts.
fn pipes(program: &str) -> bool {
    const SPARED: &[&str] = &[
        "sort", "uniq", "cat", "wc", "head", "tail", "column", "less", "more", "nl", "fmt", "tr", "cut", "grep", "bc",
        "date",
    ];
    let spares = |text: &str| {
        let text = text.trim_start_matches('&').trim_start().strip_prefix('"');
        text.and_then(|text| text.split_once('"')).is_some_and(|(command, _)| {
            let plain = !command.contains([';', '|', '&', '$', '`', '>', '<', '(', '\\']);
            plain && command.split_whitespace().next().is_some_and(|program| SPARED.contains(&program))
        })
    };
    let code = without_text(program);
    let from = |at: usize| {
        let after = code[at + 1..].trim_start_matches('&').trim_start();
        let name = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && code[..at].contains("print");
        !code[..at].ends_with('|')
            && !code[at + 1..].starts_with('|')
            && (after.starts_with("getline") || after.starts_with('"') || name)
    };
    let count = code.match_indices('|').filter(|(at, _)| from(*at)).count();
    let spared = program.match_indices('|').filter(|(at, _)| spares(&program[at + 1..])).count();
    count > spared
}

/// The program without what stands in strings and patterns.
fn without_text(program: &str) -> String {
    let mut code = String::with_capacity(program.len());
    let mut chars = program.chars();
    while let Some(c) = chars.next() {
        code.push(c);
        let before = code[..code.len() - c.len_utf8()].trim_end().chars().next_back();
        let opens_pattern = c == '/' && before.is_none_or(|c| "(,~!&|{};\n".contains(c));
        if c == '"' || opens_pattern {
            while let Some(inner) = chars.next() {
                if inner == '\\' {
                    chars.next();
                } else if inner == c {
                    code.push(c);
                    break;
                }
            }
        }
    }
    code
}
