//! `hermes check url …`: whether a URL that a model chose would be fetched. Nothing is dialled.

use std::collections::BTreeMap;
use std::net::IpAddr;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{code, jsonl, report};
use crate::app::{App, Ground};
use crate::cli::{out, runtime};
use crate::error::{Failure, USAGE};
use crate::guard::egress::{Dns, Egress, UrlReport};
use crate::guard::show;

/// A URL to check.
#[derive(Debug, Args)]
pub(super) struct UrlArgs {
    /// The URL.
    #[arg(required_unless_present = "jsonl")]
    url: Option<String>,
    /// Answer for a name, as in curl: `example.com=93.184.216.34,2606:4700::1111`. Names without an answer do not
    /// exist then; without any, the system is asked.
    #[arg(long, value_name = "HOST=IP[,IP]")]
    resolve: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Read one JSON object for each check from standard input, and answer each on a line.
    #[arg(long, conflicts_with_all = ["json", "url"])]
    jsonl: bool,
}

type Answers = BTreeMap<String, Vec<IpAddr>>;

/// A line of a run of many checks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default, rename = "id")]
    _id: Option<Value>,
    url: String,
    #[serde(default)]
    resolve: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    redirects: Vec<String>,
}

/// Runs it. The code tells the verdict.
///
/// # Errors
/// What kept it from checking.
pub(super) fn run(args: UrlArgs, ground: Ground) -> Result<u8, Failure> {
    let mut answers = Answers::new();
    for answer in &args.resolve {
        let (name, addresses) = flag(answer).map_err(|why| {
            let failure = Failure::new(format!("`--resolve {answer}`: {why}")).code(USAGE);
            failure.hint("write it as in `--resolve example.com=93.184.216.34`")
        })?;
        answers.insert(name, addresses);
    }
    runtime::block_on(async {
        let app = App::start(ground, Vec::new())?;
        let egress = app.egress();
        match args.url {
            Some(url) => {
                let dns = if answers.is_empty() { Dns::System } else { Dns::Given(answers) };
                let told = egress.check(&url, &[], &dns).await;
                if args.json {
                    out::json(&as_json(&told))
                } else {
                    print(&told)
                }
                Ok(code(told.verdict))
            }
            None => jsonl::run(async |line| asked(&egress, line, &mut answers).await).await,
        }
    })?
}

/// Answers one line. What it says of names holds for the lines after it that say nothing of them.
async fn asked(egress: &Egress, line: Value, known: &mut Answers) -> Result<Value, String> {
    let asked: Asked = serde_json::from_value(line).map_err(|error| format!("Not a check of a URL: {error}"))?;
    let mut answers = known.clone();
    for (name, addresses) in asked.resolve.iter().flatten() {
        let addresses = addresses.iter().map(|text| address(text)).collect::<Result<_, _>>();
        answers.insert(host(name), addresses.map_err(|why| format!("`resolve.{name}`: {why}"))?);
    }
    let dns = if answers.is_empty() && asked.resolve.is_none() { Dns::System } else { Dns::Given(answers.clone()) };
    *known = answers;
    Ok(as_json(&egress.check(&asked.url, &asked.redirects, &dns).await))
}

fn flag(text: &str) -> Result<(String, Vec<IpAddr>), String> {
    let (name, addresses) = text.split_once('=').ok_or("it has no `=`")?;
    let listed = addresses.split(',').map(str::trim).filter(|address| !address.is_empty());
    Ok((host(name), listed.map(address).collect::<Result<_, _>>()?))
}

/// A name as the parser of URLs writes it, so that it is found.
fn host(name: &str) -> String {
    let name = name.trim().trim_end_matches('.');
    url::Host::parse(name).map_or_else(|_| name.to_lowercase(), |host| host.to_string())
}

/// An address, in brackets and with a zone if need be.
fn address(text: &str) -> Result<IpAddr, String> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let plain = text.split_once('%').map_or(text, |(address, _zone)| address);
    plain.parse().map_err(|_| format!("`{text}` is no address"))
}

fn as_json(report: &UrlReport) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(report::finding).collect();
    json!({ "verdict": report.verdict, "why": report.why, "findings": findings })
}

fn print(told: &UrlReport) {
    let verdict = json!(told.verdict);
    out::line(&show::one_line(&format!("{}: {}", verdict.as_str().unwrap_or_default(), told.why)));
    for judged in &told.findings {
        let finding = &judged.finding;
        let description = if finding.description.is_empty() { "" } else { ": " };
        let line =
            format!("  {} ({}) {}{description}{}", finding.rule, judged.source, finding.title, finding.description);
        out::line(&show::one_line(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let answer = |text: &str| flag(text).map(|(name, addresses)| format!("{name} {addresses:?}"));
        assert_eq!(answer("Example.COM.=1.2.3.4, [::1]").as_deref(), Ok("example.com [1.2.3.4, ::1]"));
        assert_eq!(answer("münchen.example=fe80::1%eth0").as_deref(), Ok("xn--mnchen-3ya.example [fe80::1]"));
        assert_eq!(answer("none.example=").as_deref(), Ok("none.example []"));
        assert!(answer("x").is_err() && answer("x=y").is_err());
    }
}
