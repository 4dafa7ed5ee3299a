//! Permissions and ownership.

use hermes_plugin_api::command::Word;
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| opens_to_others(case) && !is_recursive(case),
        alternative: "Give the group access, or use 755 or 644",
        ..Rule::new("world-writable", "world/other-writable permissions", Severity::Medium)
    },
    Rule {
        matches: |case| opens_to_others(case) && is_recursive(case),
        alternative: "Give the group access, or use 755 or 644",
        ..Rule::new("recursive-world-writable", "recursive world/other-writable permissions", Severity::High)
    },
    Rule {
        matches: |case| case.runs(&["chown", "gchown"]) && is_recursive(case) && operand(case, 0, is_root),
        ..Rule::new("recursive-chown-root", "recursive chown to root", Severity::High)
    },
    Rule {
        matches: |case| mode(case).is_some_and(|mode| sets_user_id(&mode)),
        ..Rule::new("set-user-id", "set the setuid bit", Severity::High)
    },
];

const MODE_OPTION: Syntax = Syntax {
    short_values: "mgotSZ",
    long_values: &["mode", "group", "owner", "target-directory", "suffix"],
    ..Syntax::GNU
};

fn opens_to_others(case: &Case) -> bool {
    mode(case).is_some_and(|mode| is_open(&mode))
}

fn is_recursive(case: &Case) -> bool {
    case.has_flag('R', "recursive")
}

/// The mode that the command sets.
fn mode(case: &Case) -> Option<String> {
    if case.runs(&["chmod", "gchmod"]) {
        let parsed = case.parse(&Syntax::GNU);
        Some(parsed.operands.first()?.known()?.into_owned())
    } else if case.runs(&["install", "mkdir", "mkfifo", "mknod"]) {
        let parsed = case.parse(&MODE_OPTION);
        Some(parsed.value('m', "mode")?.known()?.into_owned())
    } else {
        None
    }
}

fn is_open(mode: &str) -> bool {
    match octal(mode) {
        Some(bits) => bits & 0o002 != 0,
        None => clauses(mode).is_some_and(|clauses| {
            clauses
                .iter()
                .any(|clause| clause.who.contains(['o', 'a']) && clause.op != '-' && clause.perms.contains(['w', 'u']))
        }),
    }
}

fn sets_user_id(mode: &str) -> bool {
    match octal(mode) {
        Some(bits) => bits & 0o4000 != 0,
        None => clauses(mode).is_some_and(|clauses| {
            clauses.iter().any(|clause| {
                (clause.who.is_empty() || clause.who.contains(['u', 'a']))
                    && clause.op != '-'
                    && clause.perms.contains('s')
            })
        }),
    }
}

fn octal(mode: &str) -> Option<u32> {
    let digits = mode.trim_start_matches(['+', '=']);
    let exact = (1..=6).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
    exact.then(|| u32::from_str_radix(digits, 8).ok()).flatten()
}

struct Clause<'a> {
    who: &'a str,
    op: char,
    perms: &'a str,
}

/// Reads `u=rwx,go+w-x`, or nothing if it is not a mode.
fn clauses(mode: &str) -> Option<Vec<Clause<'_>>> {
    let mut clauses = Vec::new();
    for text in mode.split(',') {
        let end = text.find(['+', '-', '='])?;
        let (who, mut rest) = text.split_at(end);
        if !who.chars().all(|c| "ugoa".contains(c)) {
            return None;
        }
        while let Some(op) = rest.chars().next() {
            let after = &rest[1..];
            let end = after.find(['+', '-', '=']).unwrap_or(after.len());
            let perms = &after[..end];
            if !perms.chars().all(|c| "rwxXstugo".contains(c)) {
                return None;
            }
            clauses.push(Clause { who, op, perms });
            rest = &after[end..];
        }
    }
    Some(clauses)
}

fn operand(case: &Case, n: usize, is: fn(&Word) -> bool) -> bool {
    case.parse(&Syntax::GNU).operands.get(n).is_some_and(|word| is(word))
}

/// `root`, `0`, with any group.
fn is_root(owner: &Word) -> bool {
    owner.known().is_some_and(|owner| {
        let user = owner.split([':', '.']).next().unwrap_or_default();
        user == "root" || (!user.is_empty() && user.trim_start_matches(['+', '0']).is_empty())
    })
}
