//! Tells a person, or a program, what a check came to.

use hermes_plugin_api::command::{Command, How, Piece, Reach, Simple, Why};
use serde_json::{Value, json};

use super::place::Place;
use crate::cli::out;
use crate::guard::{Judged, Report, Verdict, show, spell};

/// The report as JSON.
pub(super) fn json(report: &Report) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    json!({ "verdict": report.verdict, "why": report.why, "findings": findings })
}

pub(super) fn finding(judged: &Judged) -> Value {
    let finding = &judged.finding;
    let mut value = json!({
        "rule": finding.rule,
        "severity": finding.severity,
        "title": finding.title,
        "source": judged.source,
    });
    let mut add = |key: &str, given: Option<Value>| {
        if let Some(given) = given {
            value[key] = given;
        }
    };
    add("span", finding.span.map(|span| json!(span)));
    add("description", (!finding.description.is_empty()).then(|| json!(finding.description)));
    add("alternative", finding.alternative.as_ref().map(|way| json!(way)));
    add("details", (!finding.details.is_null()).then(|| finding.details.clone()));
    add("suppressed", judged.suppressed.as_ref().map(|by| json!(by)));
    value
}

/// Prints the report.
pub(super) fn print(report: &Report, place: &Place, explain: bool) {
    let verdict = match report.verdict {
        Verdict::Allow => "allow",
        Verdict::Ask => "ask",
        Verdict::Deny => "deny",
    };
    out::line(&format!("{verdict}: {} (on `{}`)", show::one_line(&report.why), place.backend));
    for judged in &report.findings {
        out::line(&told(judged, &report.command));
    }
    if explain {
        out::line(&format!("boundary: {} ({})", if place.facts.boundary { "yes" } else { "no" }, place.facts.why));
        explained(report);
    }
}

fn told(judged: &Judged, command: &Command) -> String {
    let finding = &judged.finding;
    let severity = json!(finding.severity);
    let mut line = format!("  {} [{}] {}", finding.rule, severity.as_str().unwrap_or(""), finding.title);
    let part = finding.span.and_then(|span| command.text.get(span.start..span.end)).filter(|part| !part.is_empty());
    if let Some(part) = part {
        line.push_str(&format!(": {}", part.chars().take(80).collect::<String>()));
    }
    if let Some(by) = &judged.suppressed {
        line.push_str(&format!(" (does not count: {by})"));
    }
    show::one_line(&line)
}

fn explained(report: &Report) {
    let command = &report.command;
    if let Some(cleaned) = &command.cleaned {
        out::line(&format!("as shown: {}", show::one_line(cleaned)));
    }
    for (number, simple) in command.simple.iter().enumerate() {
        out::line(&format!("{:3}. {}", number + 1, show::one_line(&explanation(simple))));
        for unknown in simple.words.iter().flat_map(|word| &word.pieces).filter_map(unknown) {
            out::line(&format!("     unknown: {}", show::one_line(&unknown)));
        }
    }
    for problem in &command.problems {
        let part = problem.span.and_then(|span| command.text.get(span.start..span.end)).unwrap_or_default();
        let part: String = part.chars().take(80).collect();
        let place = if part.is_empty() { String::new() } else { format!(": {part}") };
        out::line(&format!("  ! {}", show::one_line(&format!("{}{place}", problem.message))));
    }
}

/// What hides a piece of a word, and which commands of the list it comes from.
fn unknown(piece: &Piece) -> Option<String> {
    let Piece::Unknown(unknown) = piece else {
        return None;
    };
    let what = match unknown.why {
        Why::Variable if !unknown.name.is_empty() => format!("the value of `{}`", unknown.name),
        Why::Variable => "the value of a variable".to_owned(),
        Why::Substitution => "the output of a command".to_owned(),
        Why::Process => "a pipe".to_owned(),
        Why::Arithmetic => "the result of a calculation".to_owned(),
        Why::Launcher => "what the launcher adds".to_owned(),
        Why::Unsupported => "what is not computed".to_owned(),
    };
    let from: Vec<String> = unknown.from.iter().map(|index| (index + 1).to_string()).collect();
    Some(if from.is_empty() { what } else { format!("{what}, from {}", from.join(", ")) })
}

fn explanation(simple: &Simple) -> String {
    let mut text = spell::simple(simple);
    let through = simple.via.iter().map(|launcher| match launcher.how {
        How::Words => launcher.program.clone(),
        How::Text => format!("{} (as text)", launcher.program),
        How::Input => format!("{} (as input)", launcher.program),
        How::File => format!("{} (from a file)", launcher.program),
        How::Definition => format!("{} (defined here)", launcher.program),
    });
    let through: Vec<String> = through.collect();
    if !through.is_empty() {
        text.push_str(&format!("  through {}", through.join(", ")));
    }
    if simple.reach == Reach::Data {
        text.push_str("  (does not run)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn what_is_unknown_says_where_it_comes_from() {
        let command = crate::command::read("cat list | xargs rm \"$x\"");
        let words = command.simple.iter().flat_map(|simple| &simple.words);
        let told: Vec<String> = words.flat_map(|word| &word.pieces).filter_map(unknown).collect();
        let value = "the value of `x`";
        assert_eq!(told, [value, value, "what the launcher adds, from 1"]);
    }
}
