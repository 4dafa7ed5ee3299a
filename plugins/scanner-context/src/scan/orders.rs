//! Orders in prose: to drop what was said before, to hide from the person, to be somebody else, to tell the prompt.
//!
//! A text that only speaks of such orders is fine: quoted or reported, in a sentence that is about attacks; or
//! denied. A quote alone excuses nothing.

use super::Hit;
use super::explained::{is_denial, is_denied, is_explained, sentence};
use super::words::{Word, within};

/// As many words of a sentence are looked at after its verb.
const AHEAD: usize = 9;

/// Finds orders.
pub(super) fn find(text: &str, words: &[Word]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for at in 0..words.len() {
        let Some((rule, title, end)) = order(words, at) else { continue };
        if !is_denied(words, at) && !is_explained(words, at, end) {
            let span = words[at].span.start..words[end.min(words.len() - 1)].span.end;
            hits.push(Hit { rule, title, span });
        }
    }
    hits.extend(roles(text));
    hits
}

const OVERRIDE: (&str, &str) = ("prompt-injection", "an order to drop earlier instructions");
const HIDE: (&str, &str) = ("deception", "an order to hide something from the person");
const ROLE: (&str, &str) = ("role-impersonation", "an order to be without rules, or somebody else");
const LEAK: (&str, &str) = ("prompt-leak", "an order to tell the system prompt");
const RUN: (&str, &str) = ("translate-execute", "an order to run what is translated");
const CALL: (&str, &str) = ("remote-control", "an order to report to a remote host");
const DISARM: (&str, &str) = ("environment", "an order to unset the agent's own variables");

fn order(words: &[Word], at: usize) -> Option<(&'static str, &'static str, usize)> {
    let text = |offset: usize| {
        words.get(at + offset).filter(|_| within(words, at, at + offset)).map_or("", |word| word.text.as_str())
    };
    let found = match text(0) {
        "ignore" | "disregard" | "forget" | "override" | "bypass" | "neglect" | "discard" | "overrule" | "dismiss"
        | "abandon" | "nullify" | "overwrite" | "skip" | "ignoring" | "disregarding" | "forgetting" | "overriding"
        | "bypassing" | "circumvent" | "disobey" | "unlearn" | "erase" | "cancel" | "void" | "violate" | "reset" => {
            dropped(words, at, 1).map(|end| (OVERRIDE, end))
        }
        "stop" | "quit" | "cease" if matches!(text(1), "following" | "obeying" | "using") => {
            dropped(words, at, 2).map(|end| (OVERRIDE, end))
        }
        "not" | "don't" | "dont" | "never" | "longer"
            if matches!(text(1), "follow" | "obey" | "adhere" | "comply" | "heed") =>
        {
            dropped(words, at, 2).map(|end| (OVERRIDE, end))
        }
        "pay" if text(1) == "no" && text(2) == "attention" => dropped(words, at, 3).map(|end| (OVERRIDE, end)),
        "set" | "put" | "throw" | "cast" if matches!(text(1), "aside" | "away") => {
            dropped(words, at, 2).map(|end| (OVERRIDE, end))
        }
        "system"
            if text(1) == "prompt"
                && matches!(text(2), "override" | "overridden" | "update" | "replacement")
                && (text(2) == "override" || words[at + 2].colon) =>
        {
            Some((OVERRIDE, at + 2))
        }
        "system" if text(1) == "override" => Some((OVERRIDE, at + 1)),
        "new" | "updated" | "real" | "true" | "actual"
            if words[at].first && matches!(text(1), "system" | "instructions") && ends_with_colon(words, at, 2) =>
        {
            Some((OVERRIDE, at + 1))
        }
        "your"
            if matches!(text(1), "new" | "real" | "true" | "actual" | "only")
                && matches!(text(2), "instructions" | "task" | "goal" | "objective" | "mission")
                && matches!(text(3), "are" | "is") =>
        {
            Some((OVERRIDE, at + 3))
        }
        "not" | "don't" | "dont" | "never" | "without" | "avoid" => hidden(words, at).map(|end| (HIDE, end)),
        "hide" | "conceal" | "keep" | "withhold" => from_person(words, at).map(|end| (HIDE, end)),
        "secretly" | "covertly" | "surreptitiously"
            if matches!(
                text(1),
                "send"
                    | "upload"
                    | "post"
                    | "forward"
                    | "copy"
                    | "run"
                    | "execute"
                    | "install"
                    | "add"
                    | "exfiltrate"
                    | "read"
                    | "collect"
                    | "email"
                    | "commit"
                    | "push"
            ) =>
        {
            Some((HIDE, at + 1))
        }
        "act" | "behave" | "respond" | "answer" | "reply" | "operate" | "speak" | "work" | "proceed" => {
            unbound(words, at).map(|end| (ROLE, end))
        }
        "pretend"
            if matches!(
                (text(1), text(2)),
                ("you", "are" | "have" | "don't" | "do")
                    | ("to", "be")
                    | ("you're", _)
                    | ("that", "you")
                    | ("youre", _)
            ) =>
        {
            Some((ROLE, at + 2))
        }
        "you" | "you're" | "youre" => becomes(words, at).map(|end| (ROLE, end)),
        "enable" | "enter" | "activate" | "engage"
            if matches!(
                (text(1), text(2)),
                ("dan" | "jailbreak" | "god" | "developer" | "sudo" | "unrestricted", "mode")
            ) && text(1) != "developer" =>
        {
            Some((ROLE, at + 2))
        }
        "output" | "print" | "reveal" | "show" | "repeat" | "display" | "dump" | "leak" | "disclose" | "send"
        | "return" | "write" | "recite" | "tell" | "share" | "expose" | "paste" => {
            leaked(words, at).map(|end| (LEAK, end))
        }
        "translate" | "convert" | "decode" => executed(words, at).map(|end| (RUN, end)),
        "beacon" | "phone" if text(1) == "to" || (text(1) == "home" && text(2) == "to") => Some((CALL, at + 1)),
        "exfiltrate" => Some((CALL, at)),
        "register" if text(1) == "as" && matches!((text(2), text(3)), ("a" | "an", "node" | "agent" | "bot")) => {
            Some((CALL, at + 3))
        }
        "unset" => (1..5).find(|offset| is_own(words, at, at + offset)).map(|offset| (DISARM, at + offset)),
        word if word.len() >= 20 && glued(word) => Some((OVERRIDE, at)),
        _ => None,
    };
    found.map(|((rule, title), end)| (rule, title, end.min(words.len() - 1)))
}

fn ends_with_colon(words: &[Word], at: usize, most: usize) -> bool {
    (at..=at + most).any(|one| within(words, at, one) && words[one].colon)
}

/// What is dropped: instructions, by words that say that earlier or all ones are meant.
fn dropped(words: &[Word], verb: usize, skip: usize) -> Option<usize> {
    let (mut strong, mut weak, mut all) = (false, false, false);
    let mut foreign = 0;
    for at in (verb + skip)..(verb + skip + AHEAD).min(words.len()) {
        if !within(words, verb, at) {
            // `Ignore the above.`
            return (strong && foreign == 0 && at > verb + skip && is_bare(&words[verb].text)).then_some(at - 1);
        }
        match words[at].text.as_str() {
            "instructions" | "instruction" | "directives" | "directive" | "guidelines" | "rules" | "guardrails"
            | "orders" | "prompt" | "prompts" | "constraints" | "restrictions" | "policies" | "safeguards"
            | "training" | "programming" | "guidance" | "commands" | "limitations" | "messages" | "context"
            | "protocols" | "ethics" | "filters" | "policy" | "safety" | "conversation" | "directions"
                if strong || (weak && foreign == 0) =>
            {
                let is_safety = words[at].text == "safety";
                if is_safety
                    && !matches!(
                        words.get(at + 1).map(|word| word.text.as_str()),
                        Some(
                            "rules"
                                | "guidelines"
                                | "filters"
                                | "checks"
                                | "instructions"
                                | "measures"
                                | "protocols"
                                | "policies"
                        )
                    )
                {
                    foreign += 1;
                    continue;
                }
                return (strong || is_about_all(words, verb, at)).then_some(at);
            }
            "above" | "before" | "earlier" | "preceding" | "foregoing" | "aforementioned" if all && foreign == 0 => {
                return Some(at);
            }
            "previous" | "prior" | "above" | "earlier" | "preceding" | "foregoing" | "your" | "system"
            | "developer" | "initial" | "original" | "past" | "former" | "aforementioned" | "user's" | "built" => {
                strong = true
            }
            "everything" | "anything" => (all, weak) = (true, true),
            "all" | "any" | "every" | "these" | "those" | "other" | "existing" | "said" | "such" | "current"
            | "safety" | "core" | "standard" | "normal" | "default" | "security" | "content" | "ethical" => weak = true,
            "of" | "the" | "my" | "and" | "or" | "and/or" | "that" | "you" | "were" | "given" | "have" | "been"
            | "told" | "previously" | "what" | "i" | "to" | "from" | "set" | "in" | "stated" | "received" | "know" => {}
            _ if strong && is_bare(&words[verb].text) && matches!(words[at].text.as_str(), "then") => return Some(at),
            _ => foreign += 1,
        }
        if foreign > 3 {
            return None;
        }
    }
    // The text ends here.
    let ended = verb + skip + AHEAD >= words.len();
    (ended && strong && foreign == 0 && is_bare(&words[verb].text) && words.len() > verb + skip)
        .then_some(words.len() - 1)
        .filter(|end| matches!(words[*end].text.as_str(), "above" | "previous" | "prior" | "before" | "earlier"))
}

fn is_bare(verb: &str) -> bool {
    matches!(verb, "ignore" | "disregard" | "forget")
}

/// `all rules` of the reader, not `all rules in .gitignore`.
fn is_about_all(words: &[Word], verb: usize, object: usize) -> bool {
    if words[verb].text == "skip"
        || words[verb].text == "reset"
        || words[verb].text == "override" && words[object].text == "rules"
    {
        return false;
    }
    let next = |offset: usize| {
        words
            .get(object + offset)
            .filter(|_| within(words, verb, object + offset))
            .map_or("", |word| word.text.as_str())
    };
    match next(1) {
        "in" | "for" | "defined" | "with" | "under" | "inside" | "about" | "on" | "matching" | "listed" => false,
        "from" => matches!(
            next(2),
            "the" | "your" | "user" | "system" | "developers" | "anyone" | "others" | "openai" | "anthropic" | "before"
        ),
        _ => true,
    }
}

const PEOPLE: [&str; 10] =
    ["user", "users", "human", "humans", "operator", "owner", "person", "anyone", "anybody", "customer"];

/// `do not tell the user`, `without informing the user`, `never mention this to the user`.
fn hidden(words: &[Word], at: usize) -> Option<usize> {
    let text =
        |place: usize| words.get(place).filter(|_| within(words, at, place)).map_or("", |word| word.text.as_str());
    let ever = usize::from(matches!(text(at + 1), "ever" | "under" | "even"));
    let verb = at + 1 + ever;
    let direct = matches!(
        text(verb),
        "tell" | "inform" | "notify" | "alert" | "telling" | "informing" | "notifying" | "alerting" | "warn" | "let"
    );
    let told = matches!(
        text(verb),
        "mention"
            | "reveal"
            | "disclose"
            | "show"
            | "report"
            | "mentioning"
            | "revealing"
            | "disclosing"
            | "admit"
            | "explain"
            | "discuss"
    );
    if !direct && !told {
        return None;
    }
    let mut place = verb + 1;
    let mut pronoun = false;
    while matches!(
        text(place),
        "the"
            | "your"
            | "any"
            | "this"
            | "that"
            | "it"
            | "to"
            | "these"
            | "anything"
            | "about"
            | "human"
            | "end"
            | "file"
            | "instruction"
            | "instructions"
            | "change"
            | "step"
    ) && place < verb + 7
    {
        pronoun |=
            matches!(text(place), "this" | "it" | "that" | "these" | "anything" | "instruction" | "instructions");
        if text(place) == "human" && !PEOPLE.contains(&text(place + 1)) {
            break;
        }
        place += 1;
    }
    let person = PEOPLE.contains(&text(place));
    let general = matches!(text(place), "users" | "humans" | "customer") && !pronoun;
    let ordinary = matches!(text(place + 1), "to" | "how" | "which" | "when" | "where")
        || (text(at) == "without" && is_denied_before(words, at));
    let known = text(verb) != "let" || matches!(text(place + 1), "know" | "see" | "find");
    (person && !general && !ordinary && known && (direct || pronoun)).then_some(place)
}

fn is_denied_before(words: &[Word], at: usize) -> bool {
    sentence(words, at).0.iter().any(|word| is_denial(&word.text))
}

/// `hide this from the user`
fn from_person(words: &[Word], verb: usize) -> Option<usize> {
    let text =
        |place: usize| words.get(place).filter(|_| within(words, verb, place)).map_or("", |word| word.text.as_str());
    if !matches!(
        text(verb + 1),
        "this" | "it" | "these" | "that" | "all" | "any" | "your" | "everything" | "what" | "secret" | "hidden"
    ) {
        return None;
    }
    let from = (verb + 2..verb + 8).find(|place| text(*place) == "from")?;
    (from + 1..from + 4).find(|place| PEOPLE.contains(&text(*place)))
}

/// `as if you had no rules`, `without restrictions`
fn unbound(words: &[Word], verb: usize) -> Option<usize> {
    let text =
        |place: usize| words.get(place).filter(|_| within(words, verb, place)).map_or("", |word| word.text.as_str());
    let as_if = (verb + 1..verb + 3).find(|place| text(*place) == "as" && matches!(text(place + 1), "if" | "though"));
    let from = match as_if {
        Some(at) if text(at + 2).starts_with("you") => at + 3,
        Some(_) => return None,
        None => (verb + 1..verb + 5).find(|place| text(*place) == "without" || text(*place) == "ignoring")?,
    };
    let bound = |place: &usize| {
        matches!(
            text(*place),
            "restrictions"
                | "restriction"
                | "limits"
                | "rules"
                | "filters"
                | "guidelines"
                | "limitations"
                | "guardrails"
                | "censorship"
                | "constraints"
                | "ethics"
                | "safeguards"
                | "boundaries"
                | "morals"
        )
    };
    let end = (from..from + 6).find(bound)?;
    let lacks = as_if.is_none()
        || (from..end).any(|place| {
            matches!(text(place), "no" | "not" | "don't" | "dont" | "without" | "never" | "free" | "zero")
        });
    lacks.then_some(end)
}

/// `you are now …`
fn becomes(words: &[Word], at: usize) -> Option<usize> {
    let text =
        |place: usize| words.get(place).filter(|_| within(words, at, place)).map_or("", |word| word.text.as_str());
    let mut place = at + 1;
    if text(at) == "you" {
        if !matches!(text(place), "are" | "have" | "must" | "will") {
            return None;
        }
        place += 1;
    }
    let now = matches!(text(place), "now" | "no" | "hereby" | "actually");
    let free = |word: &str| {
        matches!(
            word,
            "dan"
                | "jailbroken"
                | "unrestricted"
                | "unfiltered"
                | "uncensored"
                | "root"
                | "evil"
                | "unbound"
                | "unshackled"
                | "stan"
        )
    };
    if text(place) == "no" && text(place + 1) == "longer" {
        return (place + 2..place + 7).find(|place| {
            matches!(
                text(*place),
                "bound" | "restricted" | "limited" | "constrained" | "claude" | "chatgpt" | "an" | "required"
            )
        });
    }
    let end = (place..place + 4).find(|place| free(text(*place)))?;
    (now || text(at + 1) != "have").then_some(end)
}

/// `output the system prompt`
fn leaked(words: &[Word], verb: usize) -> Option<usize> {
    let text =
        |place: usize| words.get(place).filter(|_| within(words, verb, place)).map_or("", |word| word.text.as_str());
    let mut place = verb + 1;
    let mut whose = false;
    while matches!(
        text(place),
        "me" | "us"
            | "the"
            | "your"
            | "full"
            | "entire"
            | "complete"
            | "hidden"
            | "exact"
            | "whole"
            | "own"
            | "out"
            | "all"
            | "of"
            | "any"
            | "verbatim"
            | "contents"
            | "content"
            | "text"
            | "current"
            | "secret"
            | "back"
            | "everything"
    ) && place < verb + 9
    {
        whose |= matches!(text(place), "your" | "hidden" | "secret");
        place += 1;
    }
    let everything = text(place) == "above"
        && text(place - 1) == "everything"
        && matches!(text(verb), "repeat" | "print" | "output" | "recite");
    let system = matches!(text(place), "system" | "initial" | "original" | "developer")
        && matches!(text(place + 1), "prompt" | "prompts" | "message" | "instructions");
    let own = whose && matches!(text(place), "prompt" | "instructions" | "configuration") && text(verb) != "write";
    let documented =
        system && matches!(text(place + 2), "in" | "template" | "file" | "section" | "to" | "flag") && !whose;
    ((system && !documented) || own || everything).then_some(place)
}

/// `translate … into … and execute`
fn executed(words: &[Word], verb: usize) -> Option<usize> {
    let text =
        |place: usize| words.get(place).filter(|_| within(words, verb, place)).map_or("", |word| word.text.as_str());
    let and = (verb + 1..verb + 12).find(|place| matches!(text(*place), "and" | "then"))?;
    (and + 1..and + 3).find(|place| matches!(text(*place), "execute" | "run" | "eval" | "evaluate"))
}

fn is_own(words: &[Word], from: usize, at: usize) -> bool {
    let own = |text: &str| matches!(text, "hermes" | "anthropic" | "openai" | "openrouter");
    within(words, from, at) && own(&words[at].text)
}

fn glued(word: &str) -> bool {
    let verb = ["ignore", "disregard", "forget", "override"].iter().any(|verb| word.contains(verb));
    verb && word.contains("instruction")
        && (word.contains("previous") || word.contains("all") || word.contains("prior"))
}

/// Tokens that only a chat's wire has.
fn roles(text: &str) -> Vec<Hit> {
    let tokens = ["<|im_start|>", "<|system|>", "<<SYS>>", "<|start_header_id|>", "[INST]"];
    let hits = tokens.iter().filter_map(|token| text.find(token).map(|at| at..at + token.len()));
    let quoted = |span: &std::ops::Range<usize>| text[..span.start].ends_with('`') || text[..span.start].ends_with('"');
    hits.filter(|span| !quoted(span)).map(|span| Hit { rule: ROLE.0, title: "tokens of a chat's wire", span }).collect()
}
