//! A text as words: folded, so that what looks alike is alike, and each with its place.
//!
//! Folding is NFKC, letters of other alphabets that look Latin, digits for letters, no marks, no hidden characters,
//! lower case. Letters that are set apart one by one are one word.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

/// A word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Range<usize>,
    /// A sentence begins with it.
    pub(super) first: bool,
    /// It stands in quotes or in code.
    pub(super) quoted: bool,
    /// A colon follows.
    pub(super) colon: bool,
}

/// Reads a text.
pub(super) fn read(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(text.len() / 5);
    let (mut start, mut folded) = (None, String::new());
    let (mut first, mut marks) = (true, Marks::default());
    for (at, c) in text.char_indices() {
        if c.is_ascii_alphanumeric() || c == '\'' && start.is_some() && next_is_letter(text, at) {
            start.get_or_insert(at);
            folded.push(c.to_ascii_lowercase());
            continue;
        }
        if !c.is_ascii() {
            let length = folded.len();
            fold(c, &mut folded);
            if folded.len() > length {
                start.get_or_insert(at);
                continue;
            }
            if is_unseen(c) {
                continue;
            }
        }
        if let Some(start) = start.take() {
            push(
                &mut words,
                Word {
                    text: folded.as_str().to_owned(),
                    span: start..at,
                    first,
                    quoted: marks.within(),
                    colon: c == ':',
                },
            );
            folded.clear();
            first = false;
        }
        first |= marks.see(text, at, c);
    }
    if let Some(start) = start {
        push(&mut words, Word { text: folded, span: start..text.len(), first, quoted: marks.within(), colon: false });
    }
    joined(words)
}

fn push(words: &mut Vec<Word>, mut word: Word) {
    let letters = || word.text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if word.text.len() >= 3
        && word.text.bytes().any(|byte| matches!(byte, b'0' | b'1' | b'3' | b'4' | b'5' | b'7'))
        && letters()
    {
        word.text = word.text.chars().map(unleet).collect();
    }
    words.push(word);
}

fn unleet(c: char) -> char {
    match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        c => c,
    }
}

/// Letters that were set apart become the word they spell.
fn joined(words: Vec<Word>) -> Vec<Word> {
    let single = |word: &Word| word.text.len() == 1 && word.text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !words.windows(4).any(|run| run.iter().all(single)) {
        return words;
    }
    let mut told: Vec<Word> = Vec::with_capacity(words.len());
    let mut run: Vec<Word> = Vec::new();
    let close = |run: &mut Vec<Word>, told: &mut Vec<Word>| {
        if run.len() < 4 {
            told.append(run);
        } else if let (Some(first), Some(last)) = (run.first().cloned(), run.last()) {
            let text = run.iter().map(|word| word.text.as_str()).collect::<String>();
            let span = first.span.start..last.span.end;
            let colon = last.colon;
            run.clear();
            told.push(Word { text, span, colon, ..first });
        }
    };
    for word in words {
        let near = run.last().is_none_or(|last: &Word| word.span.start - last.span.end <= 2);
        let spaced = single(&word);
        if !spaced || !near || word.first {
            close(&mut run, &mut told);
        }
        match spaced {
            true => run.push(word),
            false => told.push(word),
        }
    }
    close(&mut run, &mut told);
    told
}

/// Where quotes and code begin and end.
#[derive(Default)]
struct Marks {
    quote: Option<char>,
    code: bool,
    fence: bool,
    skip: u8,
}

impl Marks {
    fn within(&self) -> bool {
        self.quote.is_some() || self.code
    }

    /// Takes a character between words, and returns whether it ends a sentence.
    fn see(&mut self, text: &str, at: usize, c: char) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        match c {
            '`' if text[at..].starts_with("```") => {
                (self.fence, self.code, self.quote, self.skip) = (!self.fence, false, None, 2);
                true
            }
            '`' if !self.fence => {
                self.code = !self.code && text[at + 1..].split('\n').next().is_some_and(|line| near(line, '`'));
                false
            }
            '"' | '“' | '”' | '«' | '»' | '‘' | '’' | '\'' if !self.code => {
                self.quote = match (self.quote, c) {
                    (Some(open), _) if closes(open) == c => None,
                    (None, '“' | '«' | '‘' | '"' | '\'') if near(&text[at + c.len_utf8()..], closes(c)) => Some(c),
                    (same, _) => same,
                };
                false
            }
            '\n' => {
                let next = text[at + 1..].trim_start_matches([' ', '\t', '>']);
                let ends = next.starts_with(['\n', '\r', '#', '-', '*', '+', '|', '`', '<']);
                if ends {
                    (self.quote, self.code) = (None, false);
                }
                ends
            }
            '.' | '!' | '?' | ';' => {
                text[at + 1..].starts_with([' ', '\n', '\t', '\r', '"', '”']) || text.len() == at + 1
            }
            '|' | '。' => true,
            _ => false,
        }
    }
}

fn closes(open: char) -> char {
    match open {
        '“' => '”',
        '«' => '»',
        '‘' => '’',
        other => other,
    }
}

/// Whether a mark stands in the same paragraph, not far away.
fn near(rest: &str, mark: char) -> bool {
    rest.chars().take(200).take_while(|c| *c != '\n').any(|c| c == mark)
}

fn next_is_letter(text: &str, at: usize) -> bool {
    text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_alphabetic)
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{180e}' | '\u{e0000}'..='\u{e01ef}')
}

/// Adds what a character looks like, if it is a letter or a digit.
fn fold(c: char, folded: &mut String) {
    if is_unseen(c) {
        return;
    }
    if c == '’' {
        return;
    }
    for c in std::iter::once(c).nfkd().filter(|c| !is_unseen(*c)) {
        match looks_like(c) {
            Some(latin) => folded.push(latin),
            None if c.is_alphanumeric() => folded.extend(c.to_lowercase()),
            None => {}
        }
    }
}

/// Letters that look like Latin ones.
fn looks_like(c: char) -> Option<char> {
    const ALIKE: &str = "аaвbеeзeкkмmнhоoрpсcтtуyхxѕsіiїiјjԁdԛqԝwһhӏlɡgпnгrѵvαaβbεeηnιiκkνvοoρpτtυuχxγyωwςcσoıiɩiɪiłløoɑaʏyցgհhոnօoսuɢgɴnʀrᴇeᴏoᴘp\
        ᴠvꜱsᴜuᴛtᴄcᴀaᴅdᴋkᴍmʟlʙbꜰfʜhᴊjᴡwᴢzАaВbЕeКkМmНhОoРpСcТtУyХxЅsІiЈjΑaΒbΕeΖzΗhΙiΚkΜmΝnΟoΡpΤtΥyΧxԌg";
    if c.is_ascii_alphanumeric() {
        return Some(c.to_ascii_lowercase());
    }
    let mut pairs = ALIKE.chars();
    while let (Some(from), Some(to)) = (pairs.next(), pairs.next()) {
        if from == c {
            return Some(to);
        }
    }
    None
}

/// Whether two places stand in the same sentence.
pub(super) fn within(words: &[Word], from: usize, to: usize) -> bool {
    to >= from && to < words.len() && !words[from + 1..=to].iter().any(|word| word.first)
}
