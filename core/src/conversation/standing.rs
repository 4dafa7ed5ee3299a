//! The status line: what must be seen before every message, and what may be seen beside it.

use hermes_plugin_api::platform::{Body, Status};

use crate::conversation::{Conversation, slash};
use crate::session::spent::Spent;
use crate::turn::Follower as _;

impl Conversation {
    /// Tells the platform what stands in the status line, when that is news.
    pub(super) async fn show_status(&mut self) {
        let text = if self.parts.guard.is_yolo(&self.id) { "⚡ YOLO" } else { "" };
        let words = slash::words().into_iter().chain(self.parts.words.offered()).collect();
        let status = Status { text: text.into(), details: self.details().await, words, history: None };
        if self.status.as_ref() != Some(&status) {
            self.parts.line.show(Body::Status(status.clone())).await;
            self.status = Some(status);
        }
    }

    /// The session's title, who answers, and what was used: parts of which the first may be left out first.
    async fn details(&self) -> String {
        let agent = &self.parts.agent;
        let known = agent.model.info(&agent.model_name).await;
        let window = known.ok().and_then(|known| known.context).filter(|window| *window > 0);
        let spent = self.keeping.spent();
        let parts = [self.keeping.title(), Some(agent.label()), used(&spent), filled(self.keeping.filled(), window)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// What is in force, for a person who asks.
    pub(super) fn standing(&self) -> String {
        let agent = &self.parts.agent;
        let tools: Vec<String> = agent.toolbox.tools().into_iter().map(|tool| tool.name).collect();
        let model = agent.label();
        let title = self.keeping.title().map(|title| format!(" · {title}")).unwrap_or_default();
        let asking = if self.parts.guard.is_yolo(&self.id) { "off (⚡ YOLO)" } else { "on" };
        let said = self
            .session
            .as_ref()
            .map_or_else(String::new, |session| format!("\nmessages  {}", session.transcript.messages().len()));
        let count = |n: usize, name: &str| if n == 0 { String::new() } else { format!("\n{name}{n}") };
        let beside = count(self.beside.count(), "beside    ");
        let waiting = count(self.waiting.len(), "waiting   ");
        format!(
            "session   {}{title}\nmodel     {model}\ntools     {}\nasking    {asking}{said}{beside}{waiting}",
            self.id,
            tools.join(", ")
        )
    }
}

/// How many tokens went to and fro.
fn used(spent: &Spent) -> Option<String> {
    let tokens = spent.input_tokens.saturating_add(spent.output_tokens);
    let text = match tokens {
        0 => return None,
        1..1_000 => tokens.to_string(),
        1_000..1_000_000 => format!("{:.1}k", tokens as f64 / 1e3),
        _ => format!("{:.1}M", tokens as f64 / 1e6),
    };
    Some(format!("{text} tokens"))
}

/// How much of what the model can read at once the session takes.
fn filled(tokens: u64, window: Option<u64>) -> Option<String> {
    let share = tokens.saturating_mul(100).checked_div(window?)?;
    (tokens > 0).then(|| format!("{share}% of context"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_in_few_digits() {
        let told = |input_tokens, output_tokens| used(&Spent { input_tokens, output_tokens, ..Spent::default() });
        assert_eq!(told(0, 0), None);
        assert_eq!(told(900, 99).as_deref(), Some("999 tokens"));
        assert_eq!(told(12_000, 340).as_deref(), Some("12.3k tokens"));
        assert_eq!(told(u64::MAX, 1).as_deref(), Some("18446744073709.6M tokens"));
    }

    #[test]
    fn a_share_is_told_where_the_whole_is_known() {
        assert_eq!(filled(8_000, Some(100_000)).as_deref(), Some("8% of context"));
        assert_eq!((filled(8_000, None), filled(0, Some(10)), filled(1, Some(0))), (None, None, None));
    }
}
