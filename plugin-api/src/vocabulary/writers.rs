//! The table behind `writes.rs`: programs that write files because of their arguments, and which ones.

use super::options::Syntax;
use super::targets::{Target, Targets};
use super::writes::WriteKind;
use crate::command::Simple;

/// A family of programs that find their destinations in the same way.
pub(super) struct Writer {
    programs: &'static [&'static str],
    /// What they do to a destination, unless `targets` says otherwise.
    pub(super) kind: WriteKind,
    pub(super) syntax: Syntax,
    pub(super) targets: fn(&Targets) -> Vec<Target>,
}

/// Returns the families that the program belongs to.
pub(super) fn of(simple: &Simple) -> impl Iterator<Item = &'static Writer> {
    let program = simple.program().map(std::borrow::Cow::into_owned);
    WRITERS.iter().filter(move |writer| match &program {
        Some(program) => {
            writer.programs.contains(&program.as_str())
                || (writer.programs.contains(&"perl") && simple.is_version_of(&["perl", "ruby"]))
        }
        None => false,
    })
}

const COPY: Syntax = Syntax { short_values: "tS", long_values: &["target-directory", "suffix"], ..Syntax::GNU };
const CURL: Syntax = Syntax {
    short_values: "odDbcHAXuxeTFmrEKtUYywzCPQ",
    long_values: &[
        "output",
        "output-dir",
        "dump-header",
        "cookie-jar",
        "cookie",
        "header",
        "user-agent",
        "user",
        "proxy",
        "data",
        "data-binary",
        "data-raw",
        "data-urlencode",
        "form",
        "json",
        "request",
        "url",
        "upload-file",
        "max-time",
        "retry",
        "config",
        "cacert",
        "cert",
        "key",
        "referer",
        "resolve",
        "connect-timeout",
        "write-out",
    ],
    long_flags: &["compressed", "create-dirs"],
    ..Syntax::GNU
};
const DOWNLOAD: Syntax = Syntax {
    short_values: "oOPaietTwQUlARDBdx",
    long_values: &[
        "output-document",
        "output-file",
        "output",
        "directory-prefix",
        "header",
        "user-agent",
        "user",
        "password",
        "post-data",
        "post-file",
        "body-data",
        "body-file",
        "method",
        "input-file",
        "dir",
        "out",
        "append-output",
        "tries",
        "timeout",
    ],
    ..Syntax::GNU
};
const OUTPUT: Syntax = Syntax {
    short_values: "ofrtuwkTSipAacDEFGILMOPqQsvxX",
    long_values: &["output", "outfile", "recipient", "key", "local-user"],
    ..Syntax::GNU
};

const WRITERS: &[Writer] = &[
    Writer { programs: &["tee", "sponge"], kind: WriteKind::Output, syntax: Syntax::GNU, targets: |t| t.all() },
    Writer { programs: &["cp", "ln", "gcp", "gln"], kind: WriteKind::Copy, syntax: COPY, targets: |t| t.copies() },
    Writer {
        programs: &["mv", "gmv", "rename"],
        kind: WriteKind::Copy,
        syntax: COPY,
        targets: |t| {
            let mut targets = t.copies();
            let sources = t.sources().map(|word| (Some(WriteKind::Remove), t.path(word)));
            targets.extend(sources);
            targets
        },
    },
    Writer {
        programs: &["install", "ginstall"],
        kind: WriteKind::Copy,
        syntax: Syntax {
            short_values: "gmotS",
            long_values: &["group", "mode", "owner", "target-directory", "suffix"],
            ..Syntax::GNU
        },
        targets: |t| match t.parsed.has('d', "directory") {
            true => t.all(),
            false => t.copies(),
        },
    },
    Writer {
        programs: &["rsync", "scp", "rclone"],
        kind: WriteKind::Copy,
        syntax: Syntax {
            short_values: "efTBMcDFiJloPSX",
            long_values: &["rsh", "exclude", "include", "filter", "files-from", "log-file", "backup-dir"],
            ..Syntax::GNU
        },
        targets: |t| {
            let local = |(_, path): &Target| !path.parts.first().is_some_and(|part| part.text().contains(':'));
            t.copies().into_iter().filter(local).collect()
        },
    },
    Writer {
        programs: &["docker", "podman", "kubectl"],
        kind: WriteKind::Copy,
        syntax: Syntax::GNU,
        targets: |t| match t.parsed.operands.as_slice() {
            [verb, _, .., to] if verb.is("cp") && !to.leading().contains(':') => t.one(to),
            _ => Vec::new(),
        },
    },
    Writer {
        programs: &["dd"],
        kind: WriteKind::Output,
        syntax: Syntax::GNU,
        targets: |t| {
            let files = t.parsed.operands.iter().filter_map(|word| word.strip_prefix("of="));
            files.map(|file| (None, t.path(&file))).collect()
        },
    },
    Writer {
        programs: &["sed", "gsed"],
        kind: WriteKind::InPlace,
        syntax: Syntax {
            short_values: "efl",
            short_optional: "iI",
            long_values: &["expression", "file", "line-length"],
            ..Syntax::GNU
        },
        targets: |t| {
            let mut targets = t.written_by_script("w ");
            if t.parsed.has('i', "in-place") || t.parsed.has('I', "") {
                targets.extend(t.after_script(&[('e', "expression"), ('f', "file")]));
            }
            targets
        },
    },
    Writer {
        programs: &["perl", "ruby"],
        kind: WriteKind::InPlace,
        syntax: Syntax { short_values: "eEIMmr", short_optional: "iFxdVDK", stops_at_operand: true, ..Syntax::GNU },
        targets: |t| match t.parsed.has('i', "") {
            true => t.after_script(&[('e', ""), ('E', "")]),
            false => Vec::new(),
        },
    },
    Writer {
        programs: &["awk", "gawk", "mawk", "nawk"],
        kind: WriteKind::InPlace,
        syntax: Syntax {
            short_values: "Ffvil",
            long_values: &["field-separator", "file", "assign", "include", "load"],
            stops_at_operand: true,
            ..Syntax::GNU
        },
        targets: |t| {
            let mut targets = t.written_by_script("> \"");
            targets.extend(t.written_by_script(">\""));
            if t.parsed.value('i', "include").is_some_and(|library| library.is("inplace")) {
                targets.extend(t.after_script(&[('f', "file")]));
            }
            targets
        },
    },
    Writer {
        programs: &["yq"],
        kind: WriteKind::InPlace,
        syntax: Syntax::GNU,
        targets: |t| match t.parsed.has('i', "inplace") || t.parsed.has('\0', "in-place") {
            true => t.all(),
            false => Vec::new(),
        },
    },
    Writer {
        programs: &["truncate", "fallocate"],
        kind: WriteKind::InPlace,
        syntax: Syntax { short_values: "srlo", long_values: &["size", "reference", "length", "offset"], ..Syntax::GNU },
        targets: |t| t.all(),
    },
    Writer {
        programs: &["patch"],
        kind: WriteKind::InPlace,
        syntax: Syntax {
            short_values: "BDdFgipoVzYr",
            long_values: &["directory", "input", "strip", "output", "prefix", "suffix"],
            ..Syntax::GNU
        },
        targets: |t| {
            let mut targets = t.all();
            targets.extend(t.values(&[('d', "directory"), ('o', "output")]));
            targets
        },
    },
    Writer {
        programs: &["sd", "dos2unix", "unix2dos", "ex", "ed"],
        kind: WriteKind::InPlace,
        syntax: Syntax { short_values: "pc", ..Syntax::GNU },
        targets: |t| t.all(),
    },
    Writer { programs: &["curl"], kind: WriteKind::Output, syntax: CURL, targets: |t| t.curled() },
    Writer {
        programs: &["wget", "wget2", "aria2c", "fetch", "axel", "http", "https"],
        kind: WriteKind::Output,
        syntax: DOWNLOAD,
        targets: |t| t.downloaded(),
    },
    Writer {
        programs: &["sort", "gpg", "gpg2", "iconv", "pandoc", "strace", "tcpdump", "gcc", "cc", "clang", "base64"],
        kind: WriteKind::Output,
        syntax: OUTPUT,
        targets: |t| {
            let capture = if t.simple.is(&["tcpdump"]) { 'w' } else { 'o' };
            t.values(&[(capture, "output"), ('\0', "outfile")])
        },
    },
    Writer {
        programs: &["openssl"],
        kind: WriteKind::Output,
        syntax: Syntax {
            long_values: &["in", "out", "key", "keyout", "subj", "days", "pass", "passin", "passout"],
            single_dash_long: true,
            ..Syntax::GNU
        },
        targets: |t| {
            let exact = t.parsed.options.iter().filter(|option| ["out", "keyout"].contains(&option.name.as_str()));
            exact.filter_map(|option| option.value.as_ref()).map(|word| (None, t.path(word))).collect()
        },
    },
    Writer {
        programs: &["tar", "bsdtar", "gtar"],
        kind: WriteKind::Output,
        syntax: Syntax {
            short_values: "fCTXbVgI",
            long_values: &["file", "directory", "files-from", "exclude-from", "exclude"],
            old_style: true,
            ..Syntax::GNU
        },
        targets: |t| t.archive(),
    },
    Writer {
        programs: &["unzip"],
        kind: WriteKind::Output,
        syntax: Syntax { short_values: "dxP", ..Syntax::GNU },
        targets: |t| t.values(&[('d', "")]),
    },
    Writer {
        programs: &["find", "gfind", "bfs"],
        kind: WriteKind::Output,
        syntax: Syntax::GNU,
        targets: |t| t.listed(),
    },
    Writer {
        programs: &["xxd", "objcopy", "mount"],
        kind: WriteKind::Output,
        syntax: Syntax {
            short_values: "scloRtIOjNFB",
            long_values: &["input-target", "output-target", "types", "options"],
            ..Syntax::GNU
        },
        targets: |t| t.last_of_many(),
    },
    Writer {
        programs: &["script"],
        kind: WriteKind::Output,
        syntax: Syntax { short_values: "cEImoBTtO", long_values: &["command", "log-out", "log-io"], ..Syntax::GNU },
        targets: |t| match t.parsed.operands.first() {
            Some(file) => t.one(file),
            None => t.values(&[('O', "log-out"), ('B', "log-io")]),
        },
    },
    Writer {
        programs: &["sftp"],
        kind: WriteKind::Copy,
        syntax: Syntax { short_values: "BbcDFiJlPoRSsX", ..Syntax::GNU },
        targets: |t| t.last_of_many(),
    },
    Writer {
        programs: &["gzip", "bzip2", "xz", "zstd", "gunzip", "bunzip2", "unxz", "lz4", "compress"],
        kind: WriteKind::Remove,
        syntax: Syntax { short_values: "SbBT", long_values: &["suffix", "threads"], ..Syntax::GNU },
        targets: |t| {
            let keeps = [('k', "keep"), ('c', "stdout"), ('t', "test"), ('l', "list"), ('c', "to-stdout")];
            match keeps.iter().any(|(short, long)| t.parsed.has(*short, long)) {
                true => Vec::new(),
                false => t.all(),
            }
        },
    },
    Writer {
        programs: &["ssh-keygen"],
        kind: WriteKind::Output,
        syntax: Syntax { short_values: "fNtbCPIVsDOnzwmaFRr", ..Syntax::GNU },
        targets: |t| match "lyBLFeiHQk".chars().any(|reads| t.parsed.has(reads, "")) {
            true => Vec::new(),
            false => t.values(&[('f', "")]),
        },
    },
    Writer {
        programs: &["rm", "grm", "unlink", "rmdir", "shred", "srm", "trash"],
        kind: WriteKind::Remove,
        syntax: Syntax { short_values: "", long_values: &["iterations", "size", "random-source"], ..Syntax::GNU },
        targets: |t| t.all(),
    },
    Writer {
        programs: &["chmod", "chown", "chgrp", "setfacl", "chattr", "chflags", "xattr"],
        kind: WriteKind::Attributes,
        syntax: Syntax { short_values: "", long_values: &["reference", "from"], ..Syntax::GNU },
        targets: |t| t.all(),
    },
    Writer {
        programs: &["vi", "vim", "nvim", "nano", "pico", "emacs", "micro", "hx", "joe", "mcedit", "sqlite3"],
        kind: WriteKind::Edit,
        syntax: Syntax { short_values: "cSuT", ..Syntax::GNU },
        targets: |t| t.all(),
    },
];
