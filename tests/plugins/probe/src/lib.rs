//! A scanner and a word for builds against other versions of the ABI.

use hermes_plugin_api::command::Span;
use hermes_plugin_api::prelude::*;

export_plugin!(
    scanner "probe" => |_| Ok(Probe),
    commands "probe" => |ctx| Ok(Word(ctx.host.clone())),
);

struct Probe;

impl Scanner for Probe {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        let text = match subject {
            Subject::Command(subject) => &subject.command.text,
            Subject::ContextFile { text, .. } | Subject::ToolOutput { text, .. } => text,
            _ => return Ok(Vec::new()),
        };
        let Some(start) = text.find("probe") else { return Ok(Vec::new()) };
        Ok(vec![Finding {
            span: Some(Span { start, end: start + "probe".len() }),
            rule: "probe".into(),
            title: "probe".into(),
            severity: Severity::Low,
            action: Action::Ask,
            remember: Remember::Always,
            ..Finding::default()
        }])
    }
}

struct Word(Host);

impl Commands for Word {
    async fn run(&self, _: &str, argv: Vec<String>, output: Output) -> Result<i32> {
        output.write(format!("{} at {}\n", argv.join(" "), self.0.now_ms() > 0)).await?;
        #[cfg(feature = "newer")]
        output.write(format!("the host says {}\n", self.0.later())).await?;
        Ok(7)
    }
}
