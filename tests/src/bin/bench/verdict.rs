//! The guard's verdict in process, and a guarded command against a bare one.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hermes_core::app::App;
use hermes_core::guard::{Audience, Caller, CommandRequest, ConsentStore, Guard};
use hermes_core::shell::{RunOptions, Shell};
use hermes_plugin_api::backend::{Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::flow::Cancel;
use serde_json::Value;

use crate::rows::{Rows, quantile};
use crate::{Result, runtime};

/// Lengths of the lines whose growth is measured.
const LENGTHS: [usize; 6] = [100, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 128 << 10];

/// Nobody has approved anything.
struct Nothing;

impl ConsentStore for Nothing {
    fn entries(&self) -> hermes_plugin_api::error::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn add(&self, _: &str) -> hermes_plugin_api::error::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> hermes_plugin_api::error::Result<bool> {
        Ok(false)
    }
}

/// Adds median and p99 over labelled commands, and the growth with length.
pub(crate) fn rows(rows: &mut Rows, app: &App) -> Result<()> {
    let guard = guard(app)?;
    let labelled = labelled()?;
    for (title, wanted) in [("everyday commands", Some("allow")), ("all labelled commands", None)] {
        let lines: Vec<&str> = labelled
            .iter()
            .filter(|(expected, _)| wanted.is_none_or(|wanted| wanted == expected))
            .map(|(_, line)| line.as_str())
            .collect();
        let mut times: Vec<Duration> = lines.iter().map(|line| fastest(&guard, line, 5)).collect();
        rows.time(format!("verdict, {title}, median"), quantile(&mut times, 0.5), Some(Duration::from_micros(20)));
        rows.time(format!("verdict, {title}, p99"), quantile(&mut times, 0.99), Some(Duration::from_micros(200)));
    }
    let mut first = None;
    for length in LENGTHS {
        let time = fastest(&guard, &line_of(length), 5);
        let each = time.as_nanos() as f64 / length as f64;
        rows.number(format!("verdict, {length} bytes, per byte"), each, "ns", None);
        first = first.or(Some(each).filter(|_| length >= 1 << 10));
        if length == 128 << 10 {
            let growth = each / first.unwrap_or(each);
            rows.number("verdict, per byte at 128 KiB over 1 KiB", growth, "x", Some(1.5));
        }
    }
    Ok(())
}

/// Adds a guarded command on the default backend, a bare one, and the difference.
pub(crate) fn running(rows: &mut Rows, app: &App) -> Result<()> {
    let guard = guard(app)?;
    let backend = app.config.settings.terminal.backend.clone().ok_or("there is no backend")?;
    let guarded = runtime().block_on(async {
        let handle = app.plugins.backend(&backend).map_err(|refusal| refusal.to_string())?;
        let session = handle.open("bench", &SessionSpec { cwd: Some("/".into()), ..SessionSpec::default() }).await?;
        let shell = Shell::new(session, Duration::from_secs(10));
        let mut times = Vec::new();
        for _ in 0..100 {
            let started = Instant::now();
            let request = request("true", shell.facts(), &backend);
            let witness = guard.authorize(request, &Cancel::never()).await.map_err(|refusal| refusal.to_string())?;
            shell.run(witness, &RunOptions::default(), None, &Cancel::never()).await?;
            times.push(started.elapsed());
        }
        shell.close(Keep::Nothing).await?;
        Result::Ok(quantile(&mut times, 0.5))
    })?;
    let mut bare = Vec::new();
    for _ in 0..100 {
        let started = Instant::now();
        std::process::Command::new("bash").args(["-c", "true"]).output()?;
        bare.push(started.elapsed());
    }
    let bare = quantile(&mut bare, 0.5);
    rows.time("`bash -c true`", bare, None);
    rows.time("`true`, guarded", guarded, None);
    rows.time("`true`, guarded, over bare", guarded.saturating_sub(bare), Some(Duration::from_millis(2)));
    rows.number("`true`, guarded, over bare", guarded.as_secs_f64() / bare.as_secs_f64(), "x", None);
    Ok(())
}

pub(crate) fn guard(app: &App) -> Result<Guard> {
    let _guard = runtime().enter();
    app.guard(Arc::new(Nothing), false).map_err(|failure| failure.render().into())
}

/// Returns the fastest of some verdicts: what the work takes, without what else the machine does.
fn fastest(guard: &Guard, line: &str, times: u32) -> Duration {
    let facts = SessionFacts { cwd: "/work".into(), home: "/home/me".into(), ..SessionFacts::default() };
    let request = request(line, &facts, "local");
    let verdict = || {
        let started = Instant::now();
        std::hint::black_box(runtime().block_on(guard.check(request)));
        started.elapsed()
    };
    (0..times).map(|_| verdict()).min().unwrap_or_default()
}

pub(crate) fn request<'a>(text: &'a str, facts: &'a SessionFacts, backend: &'a str) -> CommandRequest<'a> {
    let caller =
        Caller { backend, session: "bench", who: "bench", facts, audience: Audience::SingleQuery, listener: None };
    CommandRequest { text, cwd: "/", caller }
}

/// Returns the labelled commands: what is expected of each, and its text.
fn labelled() -> Result<Vec<(String, String)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/commands/commands.jsonl");
    let text = std::fs::read_to_string(path)?;
    let parse = |line: &str| -> Result<(String, String)> {
        let case: Value = serde_json::from_str(line)?;
        let field = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
        Ok((field("expect"), field("input")))
    };
    text.lines().map(parse).collect()
}

/// Returns an everyday line of a length: many short commands.
fn line_of(length: usize) -> String {
    let mut line = String::new();
    let mut n = 0;
    while line.len() < length {
        line.push_str(&format!("grep -rn 'some words' src/file{n}.rs --include=*.rs; "));
        n += 1;
    }
    line.truncate(length);
    // Whole to the end: the last quote may have been cut open.
    let whole = line.rfind(';').map_or(line.len(), |at| at + 1);
    line.truncate(whole);
    line
}
