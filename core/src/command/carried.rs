//! Programs that run shell text out of an option, a setting or a variable, among arguments that are otherwise data:
//! `tar --to-command=…`, `git -c core.pager=…`, `GIT_SSH_COMMAND=…`, `vim -c '!…'`.
//!
//! Only says where such text stands. What it does is read like any other shell text.

mod code;
mod git;
mod scripts;

use super::env::Space;
use super::launch::launcher;
use super::run::{Reader, Scope};
use super::text;
use hermes_plugin_api::command::{How, Piece, ProblemKind, Simple, Word};
use hermes_plugin_api::vocabulary::Syntax;

/// Variables that name a command which other programs run.
const VARIABLES: &[&str] = &[
    "GIT_SSH_COMMAND",
    "GIT_SSH",
    "GIT_PAGER",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PROXY_COMMAND",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "PAGER",
    "MANPAGER",
    "SYSTEMD_PAGER",
    "EDITOR",
    "VISUAL",
    "SUDO_EDITOR",
    "BROWSER",
    "RSYNC_RSH",
    "CVS_RSH",
    "PROMPT_COMMAND",
    "LESSOPEN",
    "LESSCLOSE",
];

/// Most arguments of an interpreter that may be a script.
const MAX_FILES: usize = 16;

/// Variables that a shell expands each time it prompts.
const PROMPTS: &[&str] = &["PS0", "PS1", "PS2", "PS4"];
/// Variables that name a file which a shell reads when it starts.
const STARTS: &[&str] = &["BASH_ENV", "ENV"];

impl Reader {
    /// Reads the shell texts that a command carries.
    pub(super) fn carried(&mut self, index: usize, program: &str, scope: &Scope) {
        let simple = &self.simple[index];
        let mut texts = of_program(program, simple);
        texts.extend(of_variables(program, simple));
        if scripts::reads_commands(program, simple) {
            texts.extend(self.known_input(scope).iter().flat_map(|input| scripts::of_input(program, input)));
        }
        texts.extend(self.of_code(index, program, scope));
        for word in texts {
            self.run_carried(index, program, &word, scope);
        }
        self.start_files(index, program, scope);
        let simple = &self.simple[index];
        if scripts::runs_own_text(program, simple) || (program == "git" && git::brings_hooks(simple)) {
            let message = format!("`{program}` runs text that cannot be known");
            let span = self.simple[index].span;
            self.problem(ProblemKind::Opaque, &message, Some(span), scope);
        }
    }

    /// Text that is known as far as an unknown argument is read that far: `ssh -i "$KEY"`. Text of which nothing is
    /// known is a setting that was there before, unless the line computes it.
    fn run_carried(&mut self, index: usize, program: &str, word: &Word, scope: &Scope) {
        let text = word.leading();
        let computed = word.unknowns().next().is_some_and(|unknown| !unknown.from.is_empty());
        if text.trim().is_empty() && computed {
            let message = format!("`{program}` runs text that cannot be known");
            let span = self.simple[index].span;
            return self.problem(ProblemKind::Opaque, &message, Some(span), scope);
        }
        let pieces = [Piece::Text(text.into_owned())];
        self.run_text(index, &pieces, launcher(program, How::Text), scope);
    }
}

impl Reader {
    /// What code hands to a shell: code in the arguments, in the input, or in a file that this line wrote.
    fn of_code(&mut self, index: usize, program: &str, scope: &Scope) -> Vec<Word> {
        let simple = &self.simple[index];
        match program {
            "make" | "gmake" => {
                let evals = simple.args().iter().filter_map(|word| word.known());
                let mut texts: Vec<Word> = evals.flat_map(|text| code::of_makefile(&text)).collect();
                texts.extend(simple.args().iter().filter_map(|word| word.strip_prefix("SHELL=")));
                texts.extend(self.known_input(scope).iter().flat_map(|text| code::of_makefile(text)));
                for name in ["Makefile", "makefile", "GNUmakefile"] {
                    let file = self.file_text(&text::word(name, Default::default()));
                    let known = file.as_deref().and_then(text::known);
                    texts.extend(known.iter().flat_map(|text| code::of_makefile(text)));
                }
                texts
            }
            "crontab" => self.known_input(scope).iter().flat_map(|text| code::of_crontab(text)).collect(),
            _ if code::is_interpreter(simple) => {
                let mut texts = code::of_arguments(simple);
                texts.extend(code::of_debugger(simple));
                let (place, ticks) = (simple.words[0].clone(), code::runs_ticks(simple));
                let mut read = |text: &str| texts.extend(code::of_code(text, ticks, &place));
                self.known_input(scope).iter().for_each(|text| read(text));
                let files: Vec<Word> = simple.args().iter().take(MAX_FILES).cloned().collect();
                if !self.env.is_empty(Space::File) {
                    for file in files {
                        let contents = self.file_text(&file);
                        contents.as_deref().and_then(text::known).iter().for_each(|text| read(text));
                    }
                }
                texts
            }
            _ => Vec::new(),
        }
    }

    /// `BASH_ENV=FILE bash …`: a file that this line wrote is read.
    fn start_files(&mut self, index: usize, program: &str, scope: &Scope) {
        if !matches!(program, "bash" | "sh" | "dash" | "ksh" | "mksh" | "ash") {
            return;
        }
        let files = self.simple[index].assignments.iter().filter(|own| STARTS.contains(&own.name.as_str()));
        for file in files.map(|own| own.value.clone()).collect::<Vec<_>>() {
            self.run_file(index, &file, launcher(program, How::File), scope);
        }
    }

    /// Assignments alone: what a prompt would run.
    pub(super) fn prompts(&mut self, index: usize, scope: &Scope) {
        let assigned = self.simple[index].assignments.iter();
        let texts: Vec<Word> = assigned.filter_map(|own| of_prompt(&own.name, &own.value)).collect();
        for word in texts {
            self.run_carried(index, "bash", &word, scope);
        }
    }
}

/// The text that a prompt runs: `PROMPT_COMMAND`, and what is substituted in `PS1` and its kin.
fn of_prompt(name: &str, value: &Word) -> Option<Word> {
    if name == "PROMPT_COMMAND" {
        return Some(value.clone());
    }
    let text = value.leading();
    let runs = PROMPTS.contains(&name) && (text.contains("$(") || text.contains('`'));
    runs.then(|| word(&format!(": \"{}\"", text.replace('"', "\\\"")), value))
}

fn of_variables(program: &str, simple: &Simple) -> Vec<Word> {
    let assigned = simple.assignments.iter().filter(|assignment| VARIABLES.contains(&assignment.name.as_str()));
    let mut texts: Vec<Word> = assigned.map(|assignment| bare(&assignment.value)).collect();
    texts.extend(
        simple
            .assignments
            .iter()
            .filter(|own| own.name.starts_with("PS"))
            .filter_map(|own| of_prompt(&own.name, &own.value)),
    );
    if matches!(program, "export" | "declare" | "typeset" | "readonly" | "env" | "sudo" | "doas") {
        let named = |word: &Word| {
            let (name, _) = word.leading().split_once('=').map(|(name, value)| (name.to_owned(), value.len()))?;
            VARIABLES.contains(&name.as_str()).then(|| word.strip_prefix(&format!("{name}=")))?
        };
        texts.extend(simple.args().iter().filter_map(named).map(|word| bare(&word)));
        let prompt = |word: &Word| {
            let name = word.leading().split_once('=')?.0.to_owned();
            of_prompt(&name, &word.strip_prefix(&format!("{name}="))?).filter(|_| name.starts_with("PS"))
        };
        texts.extend(simple.args().iter().filter_map(prompt));
    }
    texts
}

/// `LESSOPEN='|command %s'` is a pipe.
fn bare(word: &Word) -> Word {
    word.strip_prefix("||-").or_else(|| word.strip_prefix("|")).unwrap_or_else(|| word.clone())
}

/// Programs, and how their options are read, of which some values are shell text.
struct Carrier {
    programs: &'static [&'static str],
    syntax: Syntax,
    /// Letter and long name.
    options: &'static [(char, &'static str)],
    /// What the value begins with where it holds text, and is taken away.
    prefix: &'static str,
}

const fn carrier(
    programs: &'static [&'static str],
    short_values: &'static str,
    long_values: &'static [&'static str],
    options: &'static [(char, &'static str)],
) -> Carrier {
    Carrier { programs, syntax: Syntax { short_values, long_values, ..Syntax::GNU }, options, prefix: "" }
}

const TAR: &[&str] = &["tar", "gtar", "bsdtar"];
const TAR_SYNTAX: Syntax = Syntax {
    short_values: "fCTXbVgIF",
    long_values: &[
        "file",
        "directory",
        "to-command",
        "use-compress-program",
        "info-script",
        "new-volume-script",
        "rsh-command",
        "checkpoint-action",
    ],
    old_style: true,
    ..Syntax::GNU
};

const CARRIERS: &[Carrier] = &[
    Carrier {
        programs: TAR,
        syntax: TAR_SYNTAX,
        options: &[
            ('\0', "to-command"),
            ('I', "use-compress-program"),
            ('F', "info-script"),
            ('\0', "new-volume-script"),
            ('\0', "rsh-command"),
        ],
        prefix: "",
    },
    Carrier { programs: TAR, syntax: TAR_SYNTAX, options: &[('\0', "checkpoint-action")], prefix: "exec=" },
    carrier(
        &["rsync"],
        "efTBM",
        &["rsh", "rsync-path", "exclude", "include", "filter"],
        &[('e', "rsh"), ('\0', "rsync-path")],
    ),
    carrier(&["npm", "npx", "pnpm", "yarn"], "cpw", &["call", "package", "workspace", "prefix"], &[('c', "call")]),
    Carrier {
        programs: &["man"],
        syntax: Syntax { short_values: "PCLmMSseErR", short_optional: "H", long_values: &["pager"], ..Syntax::GNU },
        options: &[('P', "pager"), ('H', "html")],
        prefix: "",
    },
    Carrier {
        programs: &["zip"],
        syntax: Syntax {
            short_values: "bnt",
            long_values: &["unzip-command", "TT"],
            single_dash_long: true,
            ..Syntax::GNU
        },
        options: &[('\0', "unzip-command"), ('\0', "TT")],
        prefix: "",
    },
    carrier(&["mapfile", "readarray"], "dnOstuCc", &[], &[('C', "")]),
    carrier(&["compgen"], "AGWFCXPS", &[], &[('C', "")]),
    carrier(
        &["svn"],
        "rcFm",
        &["editor-cmd", "diff-cmd", "diff3-cmd"],
        &[('\0', "editor-cmd"), ('\0', "diff-cmd"), ('\0', "diff3-cmd")],
    ),
    carrier(&["dpkg"], "D", &["pre-invoke", "post-invoke"], &[('\0', "pre-invoke"), ('\0', "post-invoke")]),
    carrier(&["tcpdump"], "BcCDEFGijmMrsTVwWyzZ", &[], &[('z', "")]),
    carrier(&["sort", "gsort"], "koStT", &["compress-program", "key", "output"], &[('\0', "compress-program")]),
    carrier(&["split", "gsplit"], "abClnt", &["filter", "bytes", "lines", "suffix-length"], &[('\0', "filter")]),
    carrier(&["nodemon", "watchexec"], "xewid", &["exec", "ext", "watch", "ignore"], &[('x', "exec")]),
    carrier(&["scp", "sftp"], "cDFiJlPSXBRbs", &[], &[('S', ""), ('D', "")]),
    Carrier { prefix: "ProxyCommand=", ..carrier(&["scp", "sftp"], "cDFiJlPoSXBRbs", &[], &[('o', "")]) },
    carrier(&["nano", "pico"], "sorTYXJ", &["speller", "operatingdir"], &[('s', "speller")]),
    carrier(&["vagrant"], "c", &["command"], &[('c', "command")]),
    carrier(&["gcloud"], "", &["command", "zone", "project"], &[('\0', "command")]),
    carrier(&["fly", "flyctl"], "Caors", &["command", "app"], &[('C', "command")]),
    carrier(&["nix-shell"], "pAI", &["run", "command", "packages", "attr"], &[('\0', "run"), ('\0', "command")]),
    carrier(
        &["hyperfine"],
        "wmMrNDLSusCcpni",
        &["prepare", "setup", "cleanup", "conclude", "warmup", "runs", "shell"],
        &[('p', "prepare"), ('s', "setup"), ('c', "cleanup"), ('C', "conclude")],
    ),
    carrier(&["cargo"], "xsw", &["exec", "shell", "watch"], &[('s', "shell")]),
    Carrier {
        programs: &["go"],
        syntax: Syntax { long_values: &["exec", "toolexec"], single_dash_long: true, ..Syntax::GNU },
        options: &[('\0', "exec"), ('\0', "toolexec")],
        prefix: "",
    },
];

fn of_program(program: &str, simple: &Simple) -> Vec<Word> {
    let mut texts = Vec::new();
    for carrier in CARRIERS.iter().filter(|carrier| carrier.programs.contains(&program)) {
        let parsed = simple.parse(&carrier.syntax);
        for (short, long) in carrier.options {
            texts.extend(parsed.values(*short, long).filter_map(|value| value.strip_prefix(carrier.prefix)));
        }
    }
    match program {
        "git" => texts.extend(git::texts(simple)),
        "hg" => texts.extend(git::of_mercurial(simple)),
        "svn" => texts.extend(git::of_subversion(simple)),
        "apt" | "apt-get" | "aptitude" => texts.extend(scripts::of_apt(simple)),
        "vi" | "vim" | "nvim" | "view" | "ex" | "gvim" | "vimdiff" => texts.extend(scripts::of_editor(simple)),
        "less" | "more" | "most" => texts.extend(scripts::of_pager(simple)),
        "sed" | "gsed" => texts.extend(scripts::of_sed(simple)),
        "psql" | "mysql" | "mariadb" | "sqlite3" => texts.extend(scripts::of_client(simple)),
        "tmux" | "screen" => texts.extend(scripts::of_terminal(program, simple)),
        "gdb" | "lldb" => texts.extend(scripts::of_debugger(simple)),
        "ansible" => texts.extend(scripts::of_ansible(simple)),
        "gcc" | "g++" | "cc" | "c++" | "gfortran" => texts.extend(scripts::of_compiler(simple)),
        _ => {}
    }
    texts
}

/// A text as a word in the place of another.
fn word(text: &str, place: &Word) -> Word {
    text::word(text, place.span)
}

#[cfg(test)]
mod tests;
