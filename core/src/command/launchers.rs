//! The table of programs that run what their arguments or their input say. Data: how each is unwrapped is
//! in `launch.rs`.

/// A program that runs others.
pub(super) struct Spec {
    pub(super) names: &'static [&'static str],
    /// Short options that take a value.
    pub(super) short: &'static str,
    /// Long options that take a value when it does not follow a `=`.
    pub(super) long: &'static [&'static str],
    /// Operands before the command.
    pub(super) operands: usize,
    pub(super) form: Form,
}

/// What the arguments hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The words of a command.
    Words,
    /// `NAME=value` words, then the words of a command.
    Environment,
    /// A shell: `-c` text, a script, or input.
    Shell,
    /// Words that are joined to shell text for a shell elsewhere.
    Joined,
    /// The value of `-c`/`--command` is shell text; without it the rest are the words of a command.
    Command,
    /// Like [`Form::Command`], but operands are not a command and input is read by a shell.
    Login,
    /// Input is shell text.
    Input,
    Xargs,
    Find,
    Parallel,
    /// Container tools: a subcommand, options, a name, then the words of a command.
    Container,
    /// Options may hold commands; there is no command among the operands.
    Fd,
}

const fn words(
    names: &'static [&'static str],
    short: &'static str,
    long: &'static [&'static str],
    operands: usize,
) -> Spec {
    Spec { names, short, long, operands, form: Form::Words }
}

const fn form(names: &'static [&'static str], short: &'static str, long: &'static [&'static str], form: Form) -> Spec {
    Spec { names, short, long, operands: 0, form }
}

const fn after(operands: usize, spec: Spec) -> Spec {
    Spec { operands, ..spec }
}

/// Finds the entry of a program.
pub(super) fn find(program: &str) -> Option<&'static Spec> {
    TABLE.iter().find(|spec| spec.names.contains(&program))
}

static TABLE: &[Spec] = &[
    form(
        &[
            "sh", "bash", "zsh", "ksh", "dash", "ash", "mksh", "ksh93", "rbash", "yash", "pdksh", "oksh", "fish",
            "csh", "tcsh",
        ],
        "oO",
        &["rcfile", "init-file", "init-command"],
        Form::Shell,
    ),
    form(
        &["sudo", "sudoedit"],
        "ugphCTRDUrtac",
        &[
            "user",
            "group",
            "prompt",
            "host",
            "close-from",
            "command-timeout",
            "chroot",
            "chdir",
            "other-user",
            "role",
            "type",
        ],
        Form::Environment,
    ),
    form(&["doas"], "uCa", &[], Form::Environment),
    form(&["env", "genv"], "uCS", &["unset", "chdir", "split-string"], Form::Environment),
    words(&["nohup"], "", &[], 0),
    words(&["setsid"], "", &[], 0),
    words(&["exec"], "a", &[], 0),
    words(&["builtin"], "", &[], 0),
    words(&["command"], "", &[], 0),
    words(&["time", "gtime"], "fo", &["format", "output"], 0),
    words(&["timeout", "gtimeout"], "ks", &["kill-after", "signal"], 1),
    words(&["nice", "gnice"], "n", &["adjustment"], 0),
    words(&["ionice"], "cnpPu", &["class", "classdata", "pid", "pgid", "uid"], 0),
    words(&["stdbuf", "gstdbuf"], "ioe", &["input", "output", "error"], 0),
    words(&["chrt"], "TPDp", &["sched-runtime", "sched-period", "sched-deadline", "pid"], 1),
    words(&["taskset"], "p", &["pid"], 1),
    words(&["chroot"], "", &["userspec", "groups"], 1),
    after(1, form(&["flock"], "wEc", &["wait", "timeout", "conflict-exit-code", "command"], Form::Command)),
    form(&["watch"], "nq", &["interval", "equexit"], Form::Joined),
    form(
        &["xargs", "gxargs"],
        "adEILnPs",
        &["arg-file", "delimiter", "max-args", "max-procs", "max-chars", "process-slot-var"],
        Form::Xargs,
    ),
    form(
        &["parallel", "rust-parallel"],
        "jaSINLdpuX",
        &[
            "jobs",
            "arg-file",
            "max-args",
            "delimiter",
            "results",
            "joblog",
            "timeout",
            "delay",
            "retries",
            "sshlogin",
            "colsep",
            "workdir",
            "tmpdir",
            "halt",
            "load",
            "memfree",
        ],
        Form::Parallel,
    ),
    form(&["find", "gfind", "bfs"], "", &[], Form::Find),
    form(&["fd", "fdfind"], "", &[], Form::Fd),
    words(&["busybox", "toybox"], "", &[], 0),
    after(
        1,
        form(
            &["ssh", "autossh", "slogin", "mosh", "dbclient"],
            "BbcDEeFIiJLlmOoPpQRSWw",
            &["ssh", "port"],
            Form::Joined,
        ),
    ),
    after(1, form(&["rsh", "remsh", "pdsh", "clush"], "lpw", &[], Form::Joined)),
    form(
        &["su", "runuser"],
        "cgGsuw",
        &["command", "group", "supp-group", "shell", "session-command", "user", "whitelist-environment"],
        Form::Login,
    ),
    form(
        &["script"],
        "cEImoBTtO",
        &["command", "echo", "log-in", "log-out", "log-io", "log-timing", "logging-format", "output-limit"],
        Form::Login,
    ),
    form(&["at", "batch"], "fqtcrd", &[], Form::Input),
    form(
        &[
            "docker",
            "podman",
            "nerdctl",
            "kubectl",
            "oc",
            "lxc",
            "lxc-attach",
            "machinectl",
            "docker-compose",
            "podman-compose",
            "crictl",
            "ctr",
            "buildah",
            "incus",
        ],
        "",
        &[],
        Form::Container,
    ),
    words(
        &["unshare"],
        "wRSG",
        &[
            "root",
            "wd",
            "setuid",
            "setgid",
            "propagation",
            "setgroups",
            "map-user",
            "map-group",
            "map-users",
            "map-groups",
            "monotonic",
            "boottime",
        ],
        0,
    ),
    words(&["nsenter"], "tSGW", &["target", "setuid", "setgid", "wdns"], 0),
    words(
        &["strace", "ltrace"],
        "eopsSuEIabPOXUAlxnF",
        &["trace", "output", "attach", "signal", "status", "fault", "inject", "user", "env", "string-limit", "columns"],
        0,
    ),
    words(
        &["gdb"],
        "xdpceiS",
        &["command", "directory", "pid", "core", "exec", "symbols", "ex", "eval-command", "iex", "ix", "cd", "tty"],
        0,
    ),
    words(&["valgrind"], "", &[], 0),
    words(&["perf"], "eoCpFcg", &["event", "output", "pid", "count", "freq", "call-graph"], 1),
    words(
        &["systemd-run"],
        "uprtEMHGCd",
        &[
            "unit",
            "property",
            "description",
            "slice",
            "uid",
            "gid",
            "nice",
            "working-directory",
            "setenv",
            "host",
            "machine",
            "on-active",
            "on-boot",
            "on-calendar",
            "service-type",
            "timer-property",
            "path-property",
            "socket-property",
        ],
        0,
    ),
    words(&["systemd-inhibit"], "", &["what", "who", "why", "mode"], 0),
    words(
        &["setpriv"],
        "",
        &[
            "reuid",
            "regid",
            "groups",
            "inh-caps",
            "ambient-caps",
            "bounding-set",
            "securebits",
            "pdeathsig",
            "selinux-label",
            "apparmor-profile",
        ],
        0,
    ),
    words(&["capsh"], "", &[], 0),
    words(&["prlimit"], "pnocrtulfdmsveixqy", &["pid", "output"], 0),
    words(
        &["numactl"],
        "CNmplid",
        &["cpunodebind", "membind", "physcpubind", "interleave", "preferred", "localalloc"],
        0,
    ),
    words(&["fakeroot", "fakechroot", "proot"], "lsibrwq", &["lib", "faked"], 0),
    words(&["pkexec"], "u", &["user"], 0),
    words(&["run0", "please", "sudo-rs", "gosu-exec"], "ug", &["user", "group"], 0),
    words(&["gosu", "su-exec", "setuidgid", "chpst"], "ubemnd", &[], 1),
    words(
        &[
            "dbus-run-session",
            "dbus-launch",
            "xvfb-run",
            "firejail",
            "catchsegv",
            "eatmydata",
            "torsocks",
            "torify",
            "proxychains",
            "proxychains4",
            "tsocks",
            "unbuffer",
            "chronic",
            "ts",
            "rlwrap",
            "faketime",
            "direnv-exec",
            "caffeinate",
            "arch",
            "cpulimit",
            "cgexec",
            "aa-exec",
            "runcon",
            "sg",
            "newgrp",
            "daemonize",
            "start-stop-daemon",
            "hyperfine",
            "entr",
            "parallel-ssh",
            "uchroot",
            "schroot",
            "systemd-nspawn",
            "bwrap",
            "retry",
            "setarch",
            "linux32",
            "linux64",
            "i386",
            "x86_64",
            "softlimit",
            "envdir",
            "tini",
            "dumb-init",
            "s6-setuidgid",
            "nocache",
            "trickle",
            "exec-with-timeout",
            "sem",
            "lchroot",
            "winpty",
            "ld.so",
            "ld-linux.so.2",
            "ld-linux-x86-64.so.2",
            "ld-linux-aarch64.so.1",
            "coproc",
            "noglob",
            "nocorrect",
            "dotenv",
            "dotenvx",
            "poetry-run",
            "choom",
        ],
        "fnespuptwlg",
        &[],
        0,
    ),
];
