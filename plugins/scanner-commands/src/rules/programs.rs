//! Families of programs that several rules speak of.

use hermes_plugin_api::command::{Simple, Stdin, Word};
use hermes_plugin_api::rule::Case;
use hermes_plugin_api::vocabulary::Syntax;

/// Shells.
pub(super) const SHELLS: &[&str] = &[
    "sh", "bash", "zsh", "ksh", "dash", "ash", "fish", "mksh", "rbash", "ksh93", "csh", "tcsh", "nu", "elvish", "yash",
    "xonsh", "hush",
];

/// How shells read their arguments.
pub(super) const SHELL: Syntax = Syntax {
    short_values: "oO",
    long_values: &["rcfile", "init-file"],
    stops_at_operand: true,
    plus: true,
    ..Syntax::GNU
};

/// Interpreters that run a program from standard input when they are given none, apart from shells.
pub(super) const INTERPRETERS: &[&str] = &[
    "python",
    "pypy",
    "perl",
    "ruby",
    "node",
    "nodejs",
    "php",
    "lua",
    "luajit",
    "deno",
    "bun",
    "osascript",
    "Rscript",
    "julia",
    "groovy",
    "elixir",
    "raku",
    "tclsh",
    "guile",
    "pwsh",
    "powershell",
    "ts-node",
    "tsx",
    "R",
    "scala",
    "swift",
    "jruby",
    "escript",
    "racket",
    "sbcl",
    "ipython",
    "bpython",
    "expect",
    "octave",
    "octave-cli",
    "jshell",
];

/// Returns whether this fetches something from elsewhere.
pub(super) fn fetches(simple: &Simple) -> bool {
    simple.runs(&[
        "curl",
        "wget",
        "wget2",
        "fetch",
        "aria2c",
        "axel",
        "http",
        "https",
        "xh",
        "lwp-request",
        "lwp-download",
        "GET",
        "lynx",
        "w3m",
        "links",
        "elinks",
        "nc",
        "ncat",
        "netcat",
        "socat",
        "telnet",
        "ftp",
        "lftp",
        "tftp",
        "gsutil",
        "s3cmd",
    ]) || (simple.runs(&["aws", "gcloud", "rclone"])
        && simple.subcommand(1).is_some_and(|verb| verb == "cp" || verb == "cat"))
}

/// Returns whether this is a shell.
pub(super) fn is_shell(simple: &Simple) -> bool {
    simple.is(SHELLS)
}

/// Returns whether this is an interpreter or a shell.
pub(super) fn is_interpreter(simple: &Simple) -> bool {
    is_shell(simple) || simple.is_version_of(INTERPRETERS)
}

/// Returns what a shell or interpreter runs as its program.
pub(super) fn program_of(simple: &Simple) -> Program<'_> {
    if simple.only_asks_help() {
        return Program::Nothing;
    }
    let syntax = syntax_of(simple);
    let parsed = simple.parse(&syntax);
    let code = |option: &&hermes_plugin_api::vocabulary::Opt| gives_code(simple, option);
    if let Some(option) = parsed.options.iter().find(code) {
        return match runs_module(simple, option) {
            true => Program::Nothing,
            false => {
                Program::Text(option.value.clone().or_else(|| parsed.operands.first().map(|word| (*word).clone())))
            }
        };
    }
    let looks_only = ["version", "V", "v", "check", "n"];
    if parsed.operands.is_empty()
        && parsed.options.iter().any(|option| looks_only.contains(&option.name.as_str()) && !is_shell(simple))
    {
        return Program::Nothing;
    }
    match parsed.operands.first() {
        None => Program::Input,
        Some(word) if word.is_any(&["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]) => Program::Input,
        Some(_) if is_shell(simple) && parsed.has('s', "") => Program::Input,
        Some(word) => Program::File(word),
    }
}

/// Where an interpreter's program comes from.
pub(super) enum Program<'a> {
    /// An option's value (`-c …`), if there is one.
    Text(Option<Word>),
    /// Standard input.
    Input,
    /// A file.
    File(&'a Word),
    /// It is only asked about, or runs a module by name.
    Nothing,
}

fn syntax_of(simple: &Simple) -> Syntax {
    let (short_values, short_optional) = if is_shell(simple) {
        return SHELL;
    } else if simple.is_version_of(&["perl", "raku"]) {
        ("eEMmI", "iFxdVD")
    } else if simple.is_version_of(&["ruby", "jruby"]) {
        ("eIrCE", "iFxKWT")
    } else if simple.is_version_of(&["python", "pypy"]) {
        ("cmWXe", "")
    } else if simple.is_version_of(&["ipython", "bpython", "expect"]) {
        ("cmf", "")
    } else if simple.is_version_of(&["php"]) {
        ("rBREfdSc", "")
    } else if simple.is_version_of(&["lua", "luajit"]) {
        ("el", "")
    } else {
        ("e", "")
    };
    Syntax {
        short_values,
        short_optional,
        long_values: &["eval", "print", "require", "import", "loader", "env-file", "check-hash-based-pycs"],
        stops_at_operand: true,
        ..Syntax::GNU
    }
}

/// Whether the option gives the program, or names the module that is one.
fn gives_code(simple: &Simple, option: &hermes_plugin_api::vocabulary::Opt) -> bool {
    let letters: &[char] = if is_shell(simple) {
        &['c']
    } else if simple.is_version_of(&["python", "pypy"]) {
        &['c', 'e', 'm']
    } else if simple.is_version_of(&["perl", "raku"]) {
        &['e', 'E']
    } else if simple.is_version_of(&["node", "nodejs", "bun", "ts-node", "tsx"]) {
        &['e', 'p', 'c']
    } else if simple.is_version_of(&["php"]) {
        &['r', 'B', 'R', 'E']
    } else if simple.is_version_of(&["julia", "groovy"]) {
        &['e', 'E']
    } else if simple.is_version_of(&["ipython", "bpython", "expect"]) {
        &['c']
    } else if simple.is(&["pwsh", "powershell"]) {
        return false;
    } else {
        &['e']
    };
    match option.long {
        true => ["eval", "print", "command"].contains(&option.name.as_str()),
        false => option.name.chars().all(|letter| letters.contains(&letter)),
    }
}

fn runs_module(simple: &Simple, option: &hermes_plugin_api::vocabulary::Opt) -> bool {
    simple.is_version_of(&["python", "pypy"]) && option.name == "m"
}

/// Returns the known texts that a program is given: its arguments, and what is written into its standard input
/// by here-documents and by `echo`, `printf` and `cat <<E` before it in the pipeline.
pub(super) fn texts_given(case: &Case) -> Vec<String> {
    let mut texts: Vec<String> = case.args().iter().map(|word| without_option(&joined(word)).to_owned()).collect();
    texts.extend(texts_fed(case));
    texts
}

/// The value in `--command=value` and `-cvalue`.
fn without_option(text: &str) -> &str {
    match (text.strip_prefix("--"), text.strip_prefix('-')) {
        (Some(long), _) => long.split_once('=').map_or("", |(_, value)| value),
        (None, Some(short)) => short.get(1..).unwrap_or_default(),
        (None, None) => text,
    }
}

/// Returns the known texts that are written into standard input.
pub(super) fn texts_fed(case: &Case) -> Vec<String> {
    let mut texts = Vec::new();
    let mut open = vec![case.simple];
    while let Some(simple) = open.pop() {
        match &simple.stdin {
            Stdin::Text(word) => texts.push(joined(word)),
            Stdin::Pipe(sources) => {
                for source in sources.iter().filter_map(|index| case.command.simple.get(*index)) {
                    if source.is(&["echo", "printf"]) {
                        let words: Vec<String> = source.args().iter().map(joined).collect();
                        texts.push(words.join(" "));
                    } else if source.is(PASSES_ON) {
                        open.push(source);
                    }
                }
            }
            Stdin::Inherited | Stdin::File(_) => {}
        }
    }
    texts
}

/// Programs whose output is their input, more or less.
const PASSES_ON: &[&str] = &["cat", "tee", "sed", "tr", "head", "tail", "envsubst", "grep", "sort", "iconv", "pv"];

fn joined(word: &Word) -> String {
    word.fragments().collect()
}
