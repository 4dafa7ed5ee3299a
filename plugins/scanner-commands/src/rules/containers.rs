//! Containers that are no boundary.

use hermes_plugin_api::command::Word;
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::{Parsed, Root, Syntax};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| run(case).is_some_and(|run| is_privileged(&run)),
        ..Rule::new("privileged-container", "container with the host's privileges", Severity::High)
    },
    Rule {
        matches: |case| run(case).is_some_and(|run| mounts_host(case, &run)),
        ..Rule::new("host-mount", "container with the host's files or engine", Severity::High)
    },
    Rule {
        matches: |case| case.runs(&["nsenter"]),
        ..Rule::new("enter-namespace", "enter another process's namespaces", Severity::High)
    },
];

const ENGINES: &[&str] = &["docker", "podman", "nerdctl"];
const ENGINE: Syntax = Syntax {
    short_values: "Hlc",
    long_values: &[
        "host",
        "context",
        "config",
        "log-level",
        "tlscacert",
        "tlscert",
        "tlskey",
        "connection",
        "url",
        "namespace",
    ],
    ..Syntax::GNU
};
const RUN: Syntax = Syntax {
    short_values: "aehlmpuvwcn",
    long_values: &[
        "add-host",
        "annotation",
        "attach",
        "blkio-weight",
        "cap-add",
        "cap-drop",
        "cgroup-parent",
        "cgroupns",
        "cidfile",
        "cpu-period",
        "cpu-quota",
        "cpu-shares",
        "cpus",
        "cpuset-cpus",
        "cpuset-mems",
        "detach-keys",
        "device",
        "device-cgroup-rule",
        "dns",
        "dns-option",
        "dns-search",
        "domainname",
        "entrypoint",
        "env",
        "env-file",
        "expose",
        "gpus",
        "group-add",
        "health-cmd",
        "health-interval",
        "health-retries",
        "health-timeout",
        "hostname",
        "ip",
        "ip6",
        "ipc",
        "isolation",
        "label",
        "label-file",
        "link",
        "link-local-ip",
        "log-driver",
        "log-opt",
        "mac-address",
        "memory",
        "memory-reservation",
        "memory-swap",
        "mount",
        "name",
        "network",
        "net",
        "network-alias",
        "oom-score-adj",
        "pid",
        "pids-limit",
        "platform",
        "publish",
        "pull",
        "restart",
        "runtime",
        "security-opt",
        "shm-size",
        "stop-signal",
        "stop-timeout",
        "storage-opt",
        "sysctl",
        "tmpfs",
        "ulimit",
        "user",
        "userns",
        "uts",
        "volume",
        "volume-driver",
        "volumes-from",
        "workdir",
    ],
    long_flags: &["init", "rm", "privileged", "detach", "interactive", "tty", "read-only", "publish-all", "quiet"],
    stops_at_operand: true,
    ..Syntax::GNU
};

/// The options of `run`, `create` or `exec`, as far as the image.
fn run<'a>(case: &'a Case) -> Option<Parsed<'a>> {
    if !case.runs(ENGINES) {
        return None;
    }
    let (mut verb, mut rest) = case.simple.verb(&ENGINE)?;
    if ["container", "compose"].contains(&&*verb) {
        let (next, after) = rest.split_first()?;
        (verb, rest) = (next.known()?, after);
    }
    ["run", "create", "exec"].contains(&&*verb).then(|| RUN.parse(rest))
}

fn is_privileged(run: &Parsed) -> bool {
    let privileged = run.options.iter().any(|option| {
        option.long && option.name == "privileged" && !option.value.as_ref().is_some_and(|value| value.is("false"))
    });
    let gives_all = run.values('\0', "cap-add").any(|capability| {
        let name = capability.leading().to_ascii_uppercase();
        ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_PTRACE"].contains(&name.trim_start_matches("CAP_"))
    });
    privileged || gives_all || run.values('\0', "pid").any(|pid| pid.is("host"))
}

fn mounts_host(case: &Case, run: &Parsed) -> bool {
    run.values('v', "volume").any(|volume| is_host(case, volume))
        || run.values('\0', "mount").any(|mount| {
            let text: String = mount.leading().into_owned();
            text.split(',')
                .filter_map(|field| field.strip_prefix("source=").or_else(|| field.strip_prefix("src=")))
                .any(|source| is_host(case, &Word::from(source)))
        })
}

/// The root, a directory of the system, all homes, or the engine's own socket.
fn is_host(case: &Case, volume: &Word) -> bool {
    // `-v=/:/host` is the same as `-v /:/host`.
    let bare = volume.strip_prefix("=");
    let volume = bare.as_ref().unwrap_or(volume);
    let text = volume.leading().into_owned();
    let source = match volume.known() {
        Some(known) => Word::from(known.split(':').next().unwrap_or_default()),
        None => volume.clone(),
    };
    let path = case.path(&source);
    let engine =
        ["docker.sock", "podman.sock", "containerd.sock", "crio.sock"].iter().any(|socket| text.contains(socket));
    let absolute = path.root == Root::Absolute;
    engine
        || (absolute && text.starts_with('/') && path.parts.is_empty())
        || ["/etc", "/root", "/boot", "/home", "/dev", "/proc", "/sys", "/var", "/usr", "/var/run", "/run"]
            .iter()
            .any(|place| text.starts_with('/') && path.is(place))
}
