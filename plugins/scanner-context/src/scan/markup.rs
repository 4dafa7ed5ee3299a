//! What a page hides: comments and elements that are not shown, and pictures whose address carries something away.

use super::Hit;

/// As far as a tag or an address is looked at.
const TAG: usize = 512;

/// Finds them.
pub(super) fn find(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut at = 0;
    while let Some(offset) = text.get(at..).and_then(|rest| rest.find(['<', '!'])) {
        at += offset;
        let rest = &text[at..];
        at += if let Some(inner) = rest.strip_prefix("<!--") {
            let length = inner.find("-->").unwrap_or(inner.len());
            if is_addressed(&inner[..length]) {
                let span = at..at + 4 + length;
                hits.push(Hit { rule: "hidden-comment", title: "instructions in a hidden comment", span });
            }
            4 + length
        } else if let Some(image) = rest.strip_prefix("![") {
            if let Some(length) = carries(image) {
                hits.push(Hit {
                    rule: "image-exfiltration",
                    title: "a picture whose address carries data away",
                    span: at..at + 2 + length,
                });
            }
            2
        } else {
            if let Some(length) = unseen(text, at) {
                hits.push(Hit { rule: "hidden-element", title: "an element that is not shown", span: at..at + length });
            }
            1
        };
    }
    hits
}

/// Whether a comment speaks to who reads it, not to a program or an author.
fn is_addressed(inner: &str) -> bool {
    if super::is_order(inner) {
        return true;
    }
    let lower = inner.to_lowercase();
    let mut words = lower
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != ':' && c != '\'')
        .filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.take(60).collect();
    let speaks = matches!(
        first,
        "hidden:"
            | "secret:"
            | "system:"
            | "override:"
            | "assistant:"
            | "instruction:"
            | "instructions:"
            | "agent:"
            | "ai:"
            | "llm:"
            | "prompt:"
            | "claude:"
            | "hermes:"
    );
    let ignored = std::iter::once(first).chain(rest.iter().copied()).collect::<Vec<_>>().windows(2).any(|pair| {
        matches!(pair[0], "ignore" | "override" | "disregard")
            && matches!(
                pair[1],
                "the" | "all" | "previous" | "user" | "any" | "your" | "rules" | "above" | "everything" | "system"
            )
    });
    let named = std::iter::once(&first).chain(&rest).any(|word| {
        matches!(
            word.trim_end_matches(':'),
            "assistant"
                | "agent"
                | "agents"
                | "ai"
                | "llm"
                | "model"
                | "claude"
                | "gpt"
                | "chatgpt"
                | "copilot"
                | "hermes"
                | "cursor"
                | "you"
        )
    });
    let told = rest.iter().any(|word| {
        matches!(
            *word,
            "must"
                | "run"
                | "execute"
                | "curl"
                | "wget"
                | "send"
                | "fetch"
                | "download"
                | "secretly"
                | "exfiltrate"
                | "upload"
                | "delete"
        )
    });
    let system_prompt =
        lower.contains("system prompt") || lower.contains("secret instruction") || lower.contains("hidden instruction");
    speaks || ignored || (named && told) || system_prompt
}

/// The length of a tag that hides its content.
fn unseen(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if !rest.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) || text[..at].ends_with('`') {
        return None;
    }
    let window = &rest[..rest.floor_char_boundary(rest.len().min(TAG))];
    let length = window.find('>').map(|end| end + 1)?;
    let tag = window[..length].to_ascii_lowercase();
    let name: String = tag[1..].chars().take_while(char::is_ascii_alphanumeric).collect();
    if matches!(name.as_str(), "input" | "script" | "svg" | "symbol" | "path" | "defs" | "img") {
        return None;
    }
    let bare: String = tag.chars().filter(|c| !c.is_whitespace()).collect();
    let styles = [
        "display:none",
        "visibility:hidden",
        "opacity:0;",
        "opacity:0\"",
        "opacity:0'",
        "font-size:0",
        "color:transparent",
        "height:0;overflow:hidden",
        "left:-9999px",
    ];
    let styled = bare.contains("style=") && styles.iter().any(|style| bare.contains(style));
    let attribute = tag
        .split(|c: char| c.is_whitespace() || c == '>')
        .skip(1)
        .any(|part| part == "hidden" || part == "hidden=\"\"" || part == "hidden=hidden");
    (styled || (attribute && name != "details")).then_some(length)
}

/// The length of a picture whose address is to be filled in with something.
fn carries(image: &str) -> Option<usize> {
    let window = &image[..image.floor_char_boundary(image.len().min(TAG))];
    let open = window.find("](")? + 2;
    let address = &window[open..];
    if !address.starts_with("http") && !address.starts_with("//") {
        return None;
    }
    let length = address.find([')', '\n'])?;
    let address = &address[..length];
    let query = address.find(['?', '#']).map_or(address.rsplit('/').next().unwrap_or_default(), |at| &address[at..]);
    let lower = query.to_lowercase();
    let filled = query.contains(['{', '<', '$', '[']) && !query.contains("${{");
    let named = [
        "secret",
        "conversation",
        "base64",
        "api_key",
        "apikey",
        "password",
        "insert",
        "env_",
        "chat_history",
        "userdata",
        "user_data",
    ]
    .iter()
    .any(|word| lower.contains(word));
    (filled || named && query.starts_with('?')).then_some(open + length)
}
