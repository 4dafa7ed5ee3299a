//! What a session cost: answers, tokens, money.

use hermes_plugin_api::model::Usage;
use serde::Serialize;

/// What was spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Answers of the model.
    pub answers: u64,
    /// Tokens read, those from a cache included.
    pub input_tokens: u64,
    /// Tokens written, those of thinking included.
    pub output_tokens: u64,
    /// Of those read: taken from the provider's cache.
    pub cached_tokens: u64,
    /// Of those read: put into the provider's cache.
    pub cache_written_tokens: u64,
    /// Of those written: thinking.
    pub thinking_tokens: u64,
    /// Billionths of a US dollar, as far as the prices are known.
    pub cost_nano_usd: u64,
}

impl Spent {
    /// Adds.
    pub fn add(&mut self, more: &Spent) {
        self.answers = self.answers.saturating_add(more.answers);
        self.input_tokens = self.input_tokens.saturating_add(more.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(more.cached_tokens);
        self.cache_written_tokens = self.cache_written_tokens.saturating_add(more.cache_written_tokens);
        self.thinking_tokens = self.thinking_tokens.saturating_add(more.thinking_tokens);
        self.cost_nano_usd = self.cost_nano_usd.saturating_add(more.cost_nano_usd);
    }

    /// For a person: `12 answers · 3,400 tokens read · 560 written · $0.0123`.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = format!("{} answers · {} tokens read", grouped(self.answers), grouped(self.input_tokens));
        if self.cached_tokens > 0 {
            text.push_str(&format!(" ({} from the cache)", grouped(self.cached_tokens)));
        }
        text.push_str(&format!(" · {} written", grouped(self.output_tokens)));
        if self.cost_nano_usd > 0 {
            text.push_str(&format!(" · ${:.4}", self.cost_nano_usd as f64 / 1e9));
        }
        text
    }
}

/// One answer of a model.
impl From<Usage> for Spent {
    fn from(usage: Usage) -> Self {
        Self {
            answers: 1,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_tokens: usage.cached_tokens,
            cache_written_tokens: usage.cache_written_tokens,
            thinking_tokens: usage.thinking_tokens,
            cost_nano_usd: usage.cost_nano_usd.unwrap_or_default(),
        }
    }
}

/// A number with commas.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn what_is_unknown_is_not_told() {
        let mut spent = Spent::from(Usage { input_tokens: 1200, output_tokens: 30, ..Usage::default() });
        assert_eq!(spent.told(), "1 answers · 1,200 tokens read · 30 written");
        spent.add(&Spent { cost_nano_usd: 12_300_000, cached_tokens: 700, ..Spent::default() });
        assert_eq!(spent.told(), "1 answers · 1,200 tokens read (700 from the cache) · 30 written · $0.0123");
    }
}
