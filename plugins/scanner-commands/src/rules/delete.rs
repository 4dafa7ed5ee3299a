//! Deleting: recursively, by absolute path, over lists of files.

use hermes_plugin_api::command::{Simple, Stdin, Why, Word};
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::{Root, Syntax};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            (case.runs(RM) && (is_recursive(case) || hides_options(case)))
                || (case.runs(DELETES_TREES) && operands(case).next().is_some())
                || (case.runs(WINDOWS_DELETES) && case.args().iter().any(|word| word.is_any(&["/s", "/S"])))
        },
        alternative: "Move it aside first, or delete the files by name",
        ..Rule::new("recursive-delete", "recursive delete", Severity::High)
    },
    Rule {
        matches: |case| case.runs(DELETES) && operands(case).any(|word| is_rooted(case, word) && !is_told(case, word)),
        ..Rule::new("root-path-delete", "delete in root path", Severity::High)
    },
    Rule {
        matches: |case| case.runs(DESTROYS) && (case.came_through(LISTS) || is_read(case)),
        alternative: "Print the list first and look at it",
        ..Rule::new("xargs-delete", "xargs with rm", Severity::High)
    },
    Rule {
        matches: |case| {
            (case.is(FINDS) && deletes_what_it_finds(case)) || (case.came_through(FINDS) && case.runs(DESTROYS))
        },
        alternative: "Run it with `-print` first and look at the list",
        ..Rule::new("find-delete", "find with destructive actions", Severity::High)
    },
    Rule {
        matches: |case| mirrors(case),
        alternative: "Run it with `--dry-run` first and look at what would go",
        ..Rule::new("sync-delete", "delete what the source of a copy lacks", Severity::Medium)
    },
    Rule {
        matches: |case| case.runs(&["shred", "srm"]),
        ..Rule::new("shred-file", "shred files beyond recovery", Severity::High)
    },
];

const RM: &[&str] = &["rm", "grm", "srm"];
const DELETES: &[&str] = &["rm", "grm", "srm", "unlink"];
const DESTROYS: &[&str] = &["rm", "grm", "srm", "unlink", "shred"];
const LISTS: &[&str] = &["xargs", "gxargs", "parallel", "fd", "fdfind", "rush"];
const DELETES_TREES: &[&str] = &["rimraf", "del-cli", "premove", "remove_directory"];
/// Of the shell of Windows: `/s` takes what is in folders too.
const WINDOWS_DELETES: &[&str] = &["rd", "rmdir", "del", "erase"];
const FINDS: &[&str] = &["find", "gfind", "bfs"];
const FIND: Syntax = Syntax {
    single_dash_long: true,
    long_values: &[
        "name",
        "iname",
        "path",
        "ipath",
        "wholename",
        "iwholename",
        "regex",
        "iregex",
        "lname",
        "ilname",
        "newer",
        "anewer",
        "cnewer",
        "samefile",
        "user",
        "group",
        "type",
        "xtype",
        "size",
        "perm",
        "mtime",
        "ctime",
        "atime",
        "mmin",
        "cmin",
        "amin",
        "maxdepth",
        "mindepth",
        "fstype",
        "inum",
        "links",
        "uid",
        "gid",
        "printf",
        "regextype",
        "used",
        "context",
    ],
    ..Syntax::GNU
};

fn is_recursive(case: &Case) -> bool {
    case.has_flag('r', "recursive") || case.has_flag('R', "recursive")
}

/// An option that is computed in the line, `rm $(… | rev) x`: a list of files is not computed by a decoder.
fn hides_options(case: &Case) -> bool {
    let decodes = |simple: &&Simple| {
        simple.is(&[
            "base64", "base32", "xxd", "rev", "tr", "printf", "openssl", "gunzip", "zcat", "od", "hexdump", "curl",
            "wget",
        ])
    };
    let computed = |word: &Word| {
        word.unknowns().any(|unknown| unknown.why == Why::Substitution && !unknown.quoted)
            && case.command.sources(word).iter().any(decodes)
    };
    case.args().iter().take_while(|word| !word.is("--")).any(computed)
}

/// `while read -r file; do rm "$file"; done < list`: as `xargs` would.
fn is_read(case: &Case) -> bool {
    let names = |simple: &Simple, name: &str| {
        simple.is(&["read", "mapfile", "readarray"])
            && !matches!(simple.stdin, Stdin::Inherited)
            && simple.args().iter().any(|word| word.is(name))
    };
    let read = |name: &str| !name.is_empty() && case.command.running().any(|simple| names(simple, name));
    operands(case).any(|word| word.unknowns().any(|unknown| unknown.why == Why::Variable && read(&unknown.name)))
}

/// `rsync --delete`, `rclone sync`.
fn mirrors(case: &Case) -> bool {
    if case.runs(&["rclone"]) {
        return case.subcommand(0).is_some_and(|verb| verb == "sync") && !case.has_flag('n', "dry-run");
    }
    let parsed = RSYNC.parse(case.args());
    let deletes = parsed.options.iter().any(|option| option.long && option.name.starts_with("del"));
    case.runs(&["rsync"]) && deletes && !parsed.has('n', "dry-run")
}

const RSYNC: Syntax = Syntax {
    short_values: "efTBM",
    long_values: &["rsh", "rsync-path", "exclude", "include", "filter", "files-from"],
    long_flags: &["include-from", "exclude-from"],
    ..Syntax::GNU
};

fn operands<'a>(case: &'a Case) -> impl Iterator<Item = &'a Word> {
    case.simple.parse(&Syntax::GNU).operands.into_iter()
}

/// Absolute as written, or in a system directory that the line itself changed to.
fn is_rooted(case: &Case, word: &Word) -> bool {
    word.path().root == Root::Absolute || (case.dir != case.cwd && case.path(word).is_system())
}

/// A tree below `/tmp` is a recursive delete and nothing more: one question, one answer.
fn is_told(case: &Case, word: &Word) -> bool {
    is_recursive(case) && case.path(word).is_within("/tmp")
}

fn deletes_what_it_finds(case: &Case) -> bool {
    !case.only_asks_help() && case.parse(&FIND).options.iter().any(|option| option.name == "delete")
}
