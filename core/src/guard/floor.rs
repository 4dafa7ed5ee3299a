//! The hardline floor: what never runs outside a boundary, whatever the mode, the allow-list or the answer.
//!
//! The floor judges what is known. A word that only running the line would tell (`rm -rf "$x"`) is not floor: rules
//! and the reader's own problems ask about it.

use hermes_plugin_api::command::{Command, Simple, Span, View, Word};
use hermes_plugin_api::rule::{Case, each_case};
use hermes_plugin_api::vocabulary::{Part, PathShape, Root, Syntax, WriteKind};

/// What the floor needs to know of the place where the line would run.
#[derive(Clone, Debug, Default)]
pub struct FloorContext {
    /// The working directory, absolute, or empty where it is not known.
    pub cwd: String,
    /// The home directory of the user who runs the line.
    pub home: String,
    /// Processes that this program would end with.
    pub own_pids: Vec<u32>,
    /// Whether this is the gateway: then it may not be stopped or replaced from inside.
    pub in_gateway: bool,
}

/// What the floor found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is, for `BLOCKED (hardline): <what>`.
    pub what: &'static str,
    /// The part of the text.
    pub span: Option<Span>,
}

/// Returns the first thing in the line that must never run.
pub fn floor(command: &Command, ctx: &FloorContext) -> Option<Hit> {
    let mut hit = None;
    each_case(command, &ctx.cwd, |case| {
        if hit.is_none() {
            hit = CHECKS
                .iter()
                .find(|(_, is)| is(case, ctx))
                .map(|(what, _)| Hit { what, span: (case.view == View::Raw).then_some(case.span) });
        }
    });
    hit
}

type Check = fn(&Case<'_>, &FloorContext) -> bool;

const CHECKS: &[(&str, Check)] = &[
    ("recursive delete of a system directory or home", deletes_system),
    ("format or overwrite a disk", overwrites_disk),
    ("fork bomb", |case, _| case.multiplies()),
    ("signal to every process", |case, _| signals_everyone(case)),
    ("shut down or restart the machine", |case, _| shuts_down(case)),
    ("stop or replace the gateway from inside it", ends_itself),
];

/// System directories; a delete of one of them or of all that is in it is floor, a deeper one asks.
const SYSTEM: &[&str] =
    &["/home", "/root", "/etc", "/usr", "/var", "/bin", "/sbin", "/boot", "/lib", "/lib32", "/lib64", "/libx32"];

fn deletes_system(case: &Case<'_>, ctx: &FloorContext) -> bool {
    deleted(case).iter().any(|word| {
        let path = case.path(word);
        is_root(&path) || SYSTEM.iter().any(|place| path.covers(place)) || is_home(&path, &ctx.home)
    })
}

/// What a recursive delete names: the operands of `rm -r`, and where a `find` that deletes everything starts.
fn deleted<'a>(case: &'a Case<'_>) -> Vec<&'a Word> {
    let recursive = |simple: &Simple| simple.has_flag('r', "recursive") || simple.has_flag('R', "recursive");
    if case.runs(&["rm", "grm", "srm"]) && recursive(case) {
        return case.parse(&Syntax::GNU).operands;
    }
    let starts = |word: &&Word| !word.leading().starts_with(['-', '(', '!']);
    if case.runs(&["find", "gfind", "bfs"]) && finds_everything(case) {
        return case.args().iter().take_while(starts).collect();
    }
    Vec::new()
}

/// `find … -delete` with no condition that would spare something.
fn finds_everything(find: &Simple) -> bool {
    const SYNTAX: Syntax = Syntax { single_dash_long: true, long_values: &["mindepth", "maxdepth"], ..Syntax::GNU };
    let parsed = find.parse(&SYNTAX);
    let spares_nothing = ["delete", "depth", "d", "xdev", "mount", "mindepth", "print", "P", "H", "L"];
    parsed.options.iter().any(|option| option.name == "delete")
        && parsed.options.iter().all(|option| spares_nothing.contains(&option.name.as_str()))
}

/// `/`, or all in it.
fn is_root(path: &PathShape) -> bool {
    let all = |part: &Part| matches!(part, Part::Pattern(all) if matches!(all.as_str(), "*" | ".*" | "?*" | "**"));
    path.root == Root::Absolute && path.parts.iter().all(all) && path.parts.len() <= 1
}

/// The user's own home, or all in it.
fn is_home(path: &PathShape, home: &str) -> bool {
    let home = PathShape::parse(home);
    let is_named = home.root == Root::Absolute && !home.parts.is_empty() && path.covers(&home.to_string());
    path.covers("~") || is_named
}

fn overwrites_disk(case: &Case<'_>, _: &FloorContext) -> bool {
    let formats = case.program().is_some_and(|program| program == "mkfs" || program.starts_with("mkfs."))
        || case.is(&["mke2fs", "mkdosfs", "mkntfs"]);
    let onto_disk = formats && case.parse(&Syntax::GNU).operands.iter().any(|word| is_disk(&case.path(word)));
    onto_disk
        || case.changes().iter().any(|write| {
            let raw = match write.kind {
                WriteKind::Redirect | WriteKind::Output | WriteKind::Copy | WriteKind::InPlace => true,
                WriteKind::Remove => case.is(&["shred"]),
                WriteKind::CopyInto | WriteKind::Edit | WriteKind::Attributes => false,
            };
            raw && is_disk(&write.path)
        })
}

/// A whole disk or a partition of one, by the kernel's own names.
fn is_disk(path: &PathShape) -> bool {
    const KINDS: &[&str] = &["sd", "nvme", "hd", "vd", "xvd", "mmcblk"];
    let named = |part: &Part| KINDS.iter().any(|kind| part.text().starts_with(kind));
    path.is_block_device() && matches!(path.below("/dev"), Some([part]) if named(part))
}

fn signals_everyone(case: &Case<'_>) -> bool {
    let everyone = case.kill().is_some_and(|kill| {
        let sends = match kill.signal.as_deref() {
            Some(signal) => signal != "0" && signal != "EXIT",
            None => kill.separated || kill.targets.len() > 1,
        };
        sends && kill.targets("-1")
    });
    everyone || case.runs(&["killall5"])
}

fn shuts_down(case: &Case<'_>) -> bool {
    if case.only_asks_help() {
        return false;
    }
    let first = |words: &[&str]| case.args().first().is_some_and(|word| word.is_any(words));
    let says = |words: &[&str]| case.args().iter().any(|word| word.is_any(words));
    match case.program().as_deref() {
        Some("shutdown") => !says(&["-c", "-k", "--show"]) && !says(&["--help"]),
        Some("reboot" | "halt" | "poweroff") => !says(&["--help", "--wtmp-only", "-w", "--version"]),
        Some("init" | "telinit") => first(&["0", "6"]),
        Some("systemctl" | "loginctl") => systemctl(case).is_some_and(|(verb, units)| match verb.as_str() {
            "poweroff" | "reboot" | "halt" | "kexec" | "soft-reboot" => true,
            "isolate" | "start" => units.iter().any(|unit| {
                let name = unit.strip_suffix(".target").unwrap_or_default();
                ["poweroff", "reboot", "halt", "kexec", "shutdown", "runlevel0", "runlevel6"].contains(&name)
            }),
            _ => false,
        }),
        _ => case.changes().iter().any(|write| write.path.is("/proc/sysrq-trigger")),
    }
}

fn systemctl(case: &Case<'_>) -> Option<(String, Vec<String>)> {
    const SYNTAX: Syntax = Syntax {
        short_values: "pnostHMPT",
        long_values: &["property", "type", "state", "host", "machine", "signal", "lines", "output", "root", "job-mode"],
        ..Syntax::GNU
    };
    let parsed = case.parse(&SYNTAX);
    let (verb, units) = parsed.operands.split_first()?;
    Some((verb.known()?.into_owned(), units.iter().map(|unit| unit.leading().into_owned()).collect()))
}

fn ends_itself(case: &Case<'_>, ctx: &FloorContext) -> bool {
    if case.only_asks_help() {
        return false;
    }
    if let Some(kill) = case.kill() {
        return kill.signal.as_deref() != Some("0") && kill.targets.iter().any(|word| is_own_process(case, word, ctx));
    }
    ctx.in_gateway && stops_gateway(case)
}

/// A process of ours by number, by being the parent of the shell, or by being looked up by our name.
fn is_own_process(case: &Case<'_>, word: &Word, ctx: &FloorContext) -> bool {
    let numbered = word.known().and_then(|text| text.trim_start_matches('-').parse::<u32>().ok());
    let is_parent = word.unknowns().any(|unknown| unknown.name == "PPID");
    let looks_up = |simple: &&Simple| simple.is(&["pgrep", "pidof"]) && simple.args().iter().any(names_us);
    numbered.is_some_and(|pid| ctx.own_pids.contains(&pid))
        || is_parent
        || (ctx.in_gateway && case.command.sources(word).iter().any(looks_up))
}

fn stops_gateway(case: &Case<'_>) -> bool {
    if case.is(&["pkill", "killall"]) {
        return case.args().iter().any(names_us);
    }
    if case.is(&["systemctl"]) {
        return systemctl(case).is_some_and(|(verb, units)| {
            ["stop", "restart", "try-restart", "kill", "disable", "mask"].contains(&verb.as_str())
                && units.iter().any(|unit| unit.contains(OWN_NAME))
        });
    }
    let ends = |word: &Word| word.is_any(&["stop", "restart", "uninstall"]);
    super::protect::own_words(case).is_some_and(|words| match words.as_slice() {
        [first, second, ..] if first.is("gateway") => ends(second),
        [first, ..] => first.is("update"),
        [] => false,
    })
}

const OWN_NAME: &str = "hermes";

fn names_us(word: &Word) -> bool {
    word.fragments().any(|text| text.contains(OWN_NAME))
}

#[cfg(test)]
mod tests;
