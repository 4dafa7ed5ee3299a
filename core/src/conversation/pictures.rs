//! Pictures that a person names in a message: `@plan.png`, or a path as a terminal writes it when a file is dropped on
//! it. They go along with the message.
//!
//! Only the owner at their own terminal is served so: whoever writes from elsewhere names no files here.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use hermes_plugin_api::model::Image;

/// Largest picture, in bytes: what providers take once it is written in base64.
const LARGEST: u64 = (5 << 20) / 4 * 3;
/// Most pictures of a message.
const MOST: usize = 8;
/// What a picture's name ends with.
const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "gif", "webp"];

/// Where names of pictures begin.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// Where the program was started.
    pub directory: PathBuf,
    /// What `~` is.
    pub user: Option<PathBuf>,
}

/// The pictures of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// They themselves.
    pub(super) images: Vec<Image>,
    /// Their names.
    pub(super) names: Vec<String>,
    /// What was meant as one and cannot be sent, and why.
    pub(super) troubles: Vec<String>,
}

impl Pictures {
    /// The pictures that a message names. A path that is none stays what it is: text.
    pub(super) fn find(&self, text: &str) -> Found {
        let mut found = Found::default();
        for word in words(text) {
            let (meant, name) = match word.strip_prefix('@') {
                Some(name) => (true, name),
                None => (false, word.strip_prefix("file://").unwrap_or(&word)),
            };
            if !is_named_so(name) || !(meant || is_path(name)) {
                continue;
            }
            let path = self.path(name);
            if found.names.iter().any(|known| known == name) || !meant && !path.exists() {
                continue;
            }
            match read(&path) {
                Ok(_) if found.images.len() == MOST => {
                    found.troubles.push(format!("`{name}` is not sent: {MOST} pictures are the most of a message"));
                }
                Ok(image) => {
                    found.images.push(image);
                    found.names.push(name.to_owned());
                }
                Err(why) => found.troubles.push(format!("`{name}` is not sent: {why}")),
            }
        }
        found
    }

    fn path(&self, name: &str) -> PathBuf {
        match (name.strip_prefix("~/"), &self.user) {
            (Some(rest), Some(user)) => user.join(rest),
            _ => self.directory.join(name),
        }
    }
}

fn is_named_so(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

fn is_path(name: &str) -> bool {
    ["/", "~/", "./", "../"].iter().any(|begin| name.starts_with(begin))
}

/// The words of a message, quotes and backslashes undone as a shell would, marks at the end of a sentence left out.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut quoted) = (String::new(), None, false);
    let mut chars = text.chars();
    let mut push = |word: &mut String, quoted: &mut bool| {
        let whole = std::mem::take(word);
        let end = if std::mem::take(quoted) { &[][..] } else { &['.', ',', ';', ':', '!', '?', ')'][..] };
        let plain = whole.trim_end_matches(end);
        if !plain.is_empty() {
            words.push(plain.to_owned());
        }
    };
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.push(c),
            // An apostrophe within a word is none that opens.
            ('\'' | '"', None) if word.is_empty() || word == "@" => (quote, quoted) = (Some(c), true),
            ('\\', None) => word.extend(chars.next()),
            (c, None) if c.is_whitespace() => push(&mut word, &mut quoted),
            (c, None) => word.push(c),
        }
    }
    push(&mut word, &mut quoted);
    words
}

fn read(path: &Path) -> Result<Image, String> {
    // Opening a pipe must not wait for its writer.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let open = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = open.map_err(|error| error.to_string())?;
    if !file.metadata().map_err(|error| error.to_string())?.is_file() {
        return Err("it is no plain file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    let media_type =
        Image::media_type_of(&bytes).ok_or("it is no picture of a kind that models see: PNG, JPEG, GIF, WebP")?;
    let data = base64::engine::general_purpose::STANDARD.encode(&bytes);
    Ok(Image { media_type: media_type.to_owned(), data })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n rest";

    fn folder() -> (tempfile::TempDir, Pictures) {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = folder.path().to_owned();
        (folder, Pictures { user: Some(directory.join("home")), directory })
    }

    #[test]
    fn pictures_are_found_however_they_are_written() {
        let (folder, pictures) = folder();
        fs::create_dir(folder.path().join("home")).expect("made");
        for name in ["a.png", "b c.PNG", "home/d.png"] {
            fs::write(folder.path().join(name), PNG).expect("written");
        }
        let whole = |name: &str| folder.path().join(name).display().to_string();
        for (text, names) in [
            ("what is on @a.png?", vec!["a.png".to_owned()]),
            ("look at ./a.png.", vec!["./a.png".to_owned()]),
            ("a.png is only a word", vec![]),
            ("'./b c.PNG' and \"@b c.PNG\" and @\"b c.PNG\"", vec!["./b c.PNG".to_owned(), "b c.PNG".to_owned()]),
            ("./b\\ c.PNG", vec!["./b c.PNG".to_owned()]),
            ("it's ~/d.png (or so)", vec!["~/d.png".to_owned()]),
            (&format!("'{}' ", whole("b c.PNG")), vec![whole("b c.PNG")]),
            (&format!("file://{}", whole("a.png")), vec![whole("a.png")]),
            ("/no/such.png and me@a.png and https://x/y.png", vec![]),
        ] {
            let found = pictures.find(text);
            assert_eq!((found.names, found.troubles), (names, vec![]), "{text}");
        }
        let found = pictures.find("@a.png");
        assert_eq!(found.images[0].media_type, "image/png");
        assert_eq!(base64::engine::general_purpose::STANDARD.decode(&found.images[0].data).expect("base64"), PNG);
    }

    #[test]
    fn what_cannot_be_sent_says_why() {
        let (folder, pictures) = folder();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("written");
        write("text.png", b"I am no picture");
        write("large.png", &[PNG, &vec![0; 4 << 20]].concat());
        fs::create_dir(folder.path().join("folder.png")).expect("made");
        let pipe = folder.path().join("pipe.png");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
        for (name, why) in [
            ("none.png", "No such file"),
            ("text.png", "no picture of a kind"),
            ("large.png", "larger than 3932160 bytes"),
            ("folder.png", "no plain file"),
            ("pipe.png", "no plain file"),
        ] {
            let found = pictures.find(&format!("see @{name}"));
            assert!(found.images.is_empty() && found.troubles.len() == 1, "{name}: {found:?}");
            assert!(found.troubles[0].contains(why), "{name}: {found:?}");
        }
        (0..10).for_each(|n| write(&format!("{n}.png"), PNG));
        let many: String = (0..10).map(|n| format!("@{n}.png ")).collect();
        let found = pictures.find(&many);
        assert_eq!((found.images.len(), found.troubles.len()), (8, 2));
    }
}
