//! Whether a shell pattern may stand for a name. Two pointers, no recursion: linear in practice and never
//! worse than the product of the two lengths.

/// Returns whether the pattern may expand to the name. Extended patterns (`@(…)`) may be anything. Like bash,
/// a pattern matches a leading dot only where it has one itself.
pub(super) fn may_match(pattern: &str, name: &str) -> bool {
    if pattern.contains('(') {
        return true;
    }
    if name.starts_with('.') && !pattern.starts_with(['.', '[']) {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match step(&pattern[p..], name[n]) {
            Step::Star => {
                star = Some((p, n));
                p += 1;
            }
            Step::Takes(width) => {
                p += width;
                n += 1;
            }
            Step::Fails => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

enum Step {
    Star,
    Takes(usize),
    Fails,
}

fn step(pattern: &[char], c: char) -> Step {
    match pattern {
        ['*', ..] => Step::Star,
        ['?', ..] => Step::Takes(1),
        ['[', rest @ ..] => match bracket(rest, c) {
            Some((true, width)) => Step::Takes(width + 1),
            Some((false, _)) => Step::Fails,
            None if c == '[' => Step::Takes(1),
            None => Step::Fails,
        },
        ['\\', literal, ..] if *literal == c => Step::Takes(2),
        [literal, ..] if *literal == c => Step::Takes(1),
        _ => Step::Fails,
    }
}

/// Reads a bracket expression after its `[`: whether it admits `c`, and its length with the `]`. `None` if it
/// is never closed.
fn bracket(body: &[char], c: char) -> Option<(bool, usize)> {
    let negated = matches!(body.first(), Some('!' | '^'));
    let start = usize::from(negated);
    let end = start + 1 + body.get(start + 1..)?.iter().position(|c| *c == ']')?;
    let set = &body[start..end];
    if set.contains(&'[') {
        // A class such as `[[:alpha:]]`: the end found above is inside it, and what it admits depends on
        // the locale.
        let close = end + usize::from(body.get(end + 1) == Some(&']'));
        return Some((true, close + 1));
    }
    let mut admits = false;
    let mut at = 0;
    while at < set.len() {
        if set.get(at + 1) == Some(&'-') && at + 2 < set.len() {
            admits |= (set[at]..=set[at + 2]).contains(&c);
            at += 3;
        } else {
            admits |= set[at] == c;
            at += 1;
        }
    }
    Some((admits != negated, end + 1))
}

#[cfg(test)]
mod tests {
    use super::may_match;

    #[test]
    fn patterns_match_as_in_bash() {
        for (pattern, name, expected) in [
            ("*", "etc", true),
            ("*", ".ssh", false),
            (".*", ".ssh", true),
            ("e?c", "etc", true),
            ("e?c", "etch", false),
            ("[a-f]tc", "etc", true),
            ("[!e]tc", "etc", false),
            ("[[:alpha:]]tc", "etc", true),
            ("*t*", "etc", true),
            ("*x", "etc", false),
            ("sd*", "sda1", true),
            ("@(etc|usr)", "etc", true),
            ("[", "[", true),
            ("", "", true),
        ] {
            assert_eq!(may_match(pattern, name), expected, "{pattern} {name}");
        }
    }
}
