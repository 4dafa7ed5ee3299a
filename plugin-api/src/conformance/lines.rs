//! What a person sees of a backend: a series of command lines that feel like one terminal.
//!
//! A host has its own way of carrying directory and variables from one line to the next; these are the lines to try
//! it with, over any backend. They change nothing but the shell that they run in.

/// Lines of one shell, and what must hold for them.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    /// What must hold.
    pub what: &'static str,
    /// The lines, in order.
    pub lines: &'static [Line],
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The text.
    pub text: &'static str,
    /// How it is run.
    pub way: Way,
    /// What is printed.
    pub output: &'static str,
    /// Its exit code.
    pub code: i32,
}

/// How a line is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To its end.
    Whole,
    /// For one second.
    Limited,
    /// Until it has printed a line: then it is interrupted.
    Interrupted,
    /// In the background; it is told a line, `again`, and waited for.
    Background,
}

const fn line(text: &'static str, output: &'static str, code: i32) -> Line {
    Line { text, way: Way::Whole, output, code }
}

const WHERE: Line = line("pwd; echo \"$CONFORMANCE\"", "/\nleft\n", 0);

/// All of them.
pub const STORIES: [Story; 12] = [
    Story {
        what: "directory and variables are carried to the next command",
        lines: &[line("cd /; export CONFORMANCE=left", "", 0), WHERE],
    },
    Story {
        what: "they are carried from a command that exits",
        lines: &[line("cd /; export CONFORMANCE=left; exit 3", "", 3), WHERE],
    },
    Story {
        what: "what a subshell does stays there",
        lines: &[line("cd /; export CONFORMANCE=left; (cd /dev; export CONFORMANCE=inside)", "", 0), WHERE],
    },
    Story {
        what: "they are carried from a command that ends at its first failure",
        lines: &[line("cd /; export CONFORMANCE=left; set -e; false; echo on", "", 1), WHERE],
    },
    Story {
        what: "they are carried from a command that closes its output",
        lines: &[line("cd /; export CONFORMANCE=left; exec 1>&- 2>&-", "", 0), WHERE],
    },
    Story {
        what: "a command that becomes another leaves them as they were",
        lines: &[line("cd /; export CONFORMANCE=left", "", 0), line("cd /dev; exec true", "", 0), WHERE],
    },
    Story {
        what: "values are carried as they are",
        lines: &[
            line("export CONFORMANCE=$'two\\nlines \\'q\\' \"$x\" `id` \\\\ \\303\\251 '", "", 0),
            line("printf '%s|' \"$CONFORMANCE\"", "two\nlines 'q' \"$x\" `id` \\ \u{e9} |", 0),
        ],
    },
    Story {
        what: "what the place itself gives its shells stays unset",
        lines: &[line("unset HOME", "", 0), line("echo \"${HOME-none}\"", "none\n", 0)],
    },
    Story {
        what: "a search path that was changed, or taken away, stays so",
        lines: &[
            line("export CONFORMANCE=$PATH PATH=$PATH:/conformance", "", 0),
            line("echo \"${PATH#\"$CONFORMANCE\"}\"", ":/conformance\n", 0),
            line("unset PATH", "", 0),
            line("echo \"${PATH-none}\"", "none\n", 0),
            line("export PATH=$CONFORMANCE", "", 0),
        ],
    },
    Story {
        what: "a command that takes too long is ended, with what it printed",
        lines: &[Line {
            text: "echo begun; sleep 600 & sleep 600",
            way: Way::Limited,
            output: "begun\n[Command timed out after 1s]",
            code: 124,
        }],
    },
    Story {
        what: "a command that is interrupted is ended, with what it printed",
        lines: &[Line {
            text: "echo begun; (sleep 600); echo on",
            way: Way::Interrupted,
            output: "begun\n[Command interrupted]",
            code: 130,
        }],
    },
    Story {
        what: "a command in the background is written to and waited for",
        lines: &[Line {
            text: "read -r word; echo \"heard $word\"; exit 4",
            way: Way::Background,
            output: "heard again\n",
            code: 4,
        }],
    },
];

/// Returns whether a command line is one of the suite's own.
#[must_use]
pub fn is_own_line(text: &str) -> bool {
    STORIES.iter().flat_map(|story| story.lines).any(|line| line.text == text)
}
