//! The readable text of a page: headings, paragraphs, lists, links; no scripts, no menus, nothing that is hidden.
//!
//! It goes over the tokens once and builds no tree, so that neither depth nor disorder of a page costs anything.

use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};
use url::Url;

/// What a page says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its title.
    pub(crate) title: String,
    /// Its text.
    pub(crate) text: String,
}

/// Not text for readers.
const SILENT: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "audio", "video", "select",
    "datalist", "head",
];
/// Around the content, not part of it.
const CHROME: &[&str] = &["nav", "footer", "aside", "form", "menu", "dialog"];
/// Begin and end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "body",
    "br",
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "legend",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];
/// Have no end.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
/// A main part with less text than this is not all of it.
const ENOUGH: usize = 200;

/// Reads a page; relative links are seen from `base`.
pub(crate) fn read(html: &str, base: Option<&Url>) -> Page {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut reader = Reader { base: base.cloned(), ..Reader::default() };
    for token in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Ok(Token::StartTag(tag)) => reader.start(&tag),
            Ok(Token::EndTag(tag)) => reader.end(&String::from_utf8_lossy(&tag.name)),
            Ok(Token::String(text)) => reader.text(&String::from_utf8_lossy(&text)),
            Ok(_) => {}
        }
    }
    reader.page()
}

#[derive(Default)]
struct Reader {
    base: Option<Url>,
    /// Whether the title is being read, and what it is.
    titling: bool,
    title: String,
    /// The element that hides what is in it, and how many of that name are open.
    hidden: Option<(String, usize)>,
    /// How many elements are open that are around the content, are its main part, keep their blanks.
    chrome: usize,
    main: usize,
    pre: usize,
    /// How many lists are open.
    lists: usize,
    /// Where the text of a link begins, and where it leads.
    link: Option<(usize, String)>,
    /// The main part, all but what is around it, and everything.
    texts: [Text; 3],
}

/// Text that grows, with no blanks too many.
#[derive(Default)]
struct Text {
    text: String,
    /// A blank or line's end that comes before the next word, if there is one.
    pending: usize,
}

impl Text {
    /// A blank is 1, a new line 2, an empty line 3.
    fn gap(&mut self, gap: usize) {
        self.pending = self.pending.max(gap);
    }

    fn push(&mut self, word: &str) {
        let gap = match self.pending {
            _ if self.text.is_empty() => "",
            0 => "",
            1 => " ",
            2 => "\n",
            _ => "\n\n",
        };
        self.pending = 0;
        self.text.push_str(gap);
        self.text.push_str(word);
    }
}

impl Reader {
    /// The texts that something said now belongs to.
    fn each(&mut self, mut to: impl FnMut(&mut Text)) {
        let [main, content, all] = &mut self.texts;
        to(all);
        if self.chrome == 0 {
            to(content);
            if self.main > 0 {
                to(main);
            }
        }
    }

    fn start(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        let is_void = VOID.contains(&name.as_str());
        if let Some((hiding, open)) = &mut self.hidden {
            // A page that never ends its head has a body all the same.
            if name == "title" && hiding == "head" {
                self.titling = self.title.is_empty();
            } else if name == "body" && hiding == "head" {
                self.hidden = None;
            } else if name == "p" && hiding == "p" {
                // A paragraph ends where the next one begins.
                self.hidden = None;
            } else if name == *hiding && !is_void {
                *open += 1;
            }
            if self.hidden.is_some() {
                return;
            }
        }
        if !is_void && !tag.self_closing && (SILENT.contains(&name.as_str()) || is_hidden(tag)) {
            self.hidden = Some((name, 1));
            return;
        }
        match name.as_str() {
            "title" => self.titling = self.title.is_empty(),
            "main" | "article" => self.main += 1,
            "pre" | "textarea" => self.pre += 1,
            "ul" | "ol" => self.lists += 1,
            _ if CHROME.contains(&name.as_str()) => self.chrome += 1,
            _ => {}
        }
        self.around(&name);
        match name.as_str() {
            "li" => {
                let mark = format!("{}- ", "  ".repeat(self.lists.saturating_sub(1).min(8)));
                self.each(|text| text.push(&mark));
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = usize::from(name.as_bytes()[1] - b'0');
                self.each(|text| text.push(&format!("{} ", "#".repeat(level))));
            }
            "td" | "th" => self.each(|text| {
                text.gap(1);
                if !text.text.is_empty() && !text.text.ends_with('\n') && text.pending < 2 {
                    text.push("|");
                    text.gap(1);
                }
            }),
            "a" => self.link = self.target(tag).map(|to| (self.texts[2].text.len(), to)),
            "img" => {
                let alt = attribute(tag, "alt").unwrap_or_default();
                if !alt.trim().is_empty() {
                    let shown = format!("[picture: {}]", one_line(&alt));
                    self.each(|text| text.push(&shown));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if name == "title" && self.titling {
            self.titling = false;
            return;
        }
        if let Some((hiding, open)) = &mut self.hidden {
            if name == *hiding {
                *open -= 1;
                if *open == 0 {
                    self.hidden = None;
                }
            }
            return;
        }
        match name {
            "main" | "article" => self.main = self.main.saturating_sub(1),
            "pre" | "textarea" => self.pre = self.pre.saturating_sub(1),
            "ul" | "ol" => self.lists = self.lists.saturating_sub(1),
            "a" => {
                let link = self.link.take().filter(|(from, _)| self.texts[2].text.len() > *from);
                if let Some((_, to)) = link {
                    self.each(|text| text.push(&format!(" ({to})")));
                }
            }
            _ if CHROME.contains(&name) => self.chrome = self.chrome.saturating_sub(1),
            _ => {}
        }
        self.around(name);
    }

    fn around(&mut self, name: &str) {
        let gap = match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "table" | "blockquote" | "hr" => 3,
            _ if BLOCKS.contains(&name) => 2,
            _ => return,
        };
        self.each(|text| text.gap(gap));
    }

    fn text(&mut self, said: &str) {
        if self.titling {
            self.title.push_str(said);
            return;
        }
        if self.hidden.is_some() {
            return;
        }
        if self.pre > 0 {
            self.each(|text| text.push(said));
            return;
        }
        let (before, after) = (said.starts_with(char::is_whitespace), said.ends_with(char::is_whitespace));
        let words = one_line(said);
        self.each(|text| {
            if before {
                text.gap(1);
            }
            if !words.is_empty() {
                text.push(&words);
            }
            if after {
                text.gap(1);
            }
        });
    }

    fn target(&self, tag: &StartTag<()>) -> Option<String> {
        let to = attribute(tag, "href")?;
        let to = match &self.base {
            Some(base) => base.join(&to).ok()?,
            None => Url::parse(&to).ok()?,
        };
        let here = self.base.as_ref().is_some_and(|base| same_page(base, &to));
        (matches!(to.scheme(), "http" | "https") && !here && to.as_str().len() <= 500).then(|| to.into())
    }

    fn page(self) -> Page {
        let [main, content, all] = self.texts;
        let text = match (main.text.chars().count() >= ENOUGH, content.text.is_empty()) {
            (true, _) => main.text,
            (false, false) => content.text,
            (false, true) => all.text,
        };
        Page { title: one_line(&self.title), text }
    }
}

fn same_page(base: &Url, to: &Url) -> bool {
    let bare = |url: &Url| {
        let mut url = url.clone();
        url.set_fragment(None);
        url
    };
    bare(base) == bare(to)
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(&HtmlString(name.as_bytes().to_vec()))?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
}

/// What no reader would see.
fn is_hidden(tag: &StartTag<()>) -> bool {
    let style: String = attribute(tag, "style").unwrap_or_default().to_lowercase().split_whitespace().collect();
    attribute(tag, "hidden").is_some()
        || attribute(tag, "aria-hidden").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        || ["display:none", "visibility:hidden", "font-size:0", "opacity:0;"].iter().any(|way| style.contains(way))
        || style.ends_with("opacity:0")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
