//! Stories: tirith is downloaded from a release server on the loopback interface, which may send anything.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

use super::*;

/// What the program of a release does: it blocks everything.
const PROGRAM: &str = "#!/bin/sh\nexit 1\n";

/// A release server.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it answers to a path: a whole response, or nothing at all, for ever.
type Answers = BTreeMap<String, Option<Vec<u8>>>;

impl Server {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = asked.clone();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut lines = BufReader::new(stream.try_clone().expect("cloned")).lines().map_while(Result::ok);
                let first = lines.next().unwrap_or_default();
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                seen.lock().expect("unbroken").push(path.clone());
                match answers.get(&path) {
                    Some(Some(response)) => drop(stream.write_all(response)),
                    Some(None) => silent.push(stream),
                    None => drop(stream.write_all(&answer("404 Not Found", "", b""))),
                }
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("unbroken").clone()
    }
}

fn answer(status: &str, header: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{header}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn archive_name() -> String {
    format!("tirith-{}-unknown-linux-gnu.tar.gz", std::env::consts::ARCH)
}

/// A release with this archive, whose checksum is that of `summed`.
fn release(archive: &[u8], summed: &[u8]) -> Answers {
    let list = format!("{}  other.zip\n{}  {}\n", "0".repeat(64), hex::encode(Sha256::digest(summed)), archive_name());
    let ok = |body: &[u8]| Some(answer("200 OK", "", body));
    BTreeMap::from([
        ("/checksums.txt".to_owned(), ok(list.as_bytes())),
        ("/checksums.txt.sig".to_owned(), ok(b"signature")),
        ("/checksums.txt.pem".to_owned(), ok(b"certificate")),
        (format!("/{}", archive_name()), ok(archive)),
    ])
}

/// A file of an archive. Its name is written as it is.
fn file(name: &str, kind: EntryType, body: &[u8], link: &str) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(body.len() as u64);
    header.set_mode(0o755);
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    let mut bytes = [header.as_bytes(), body].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn packed(files: &[Vec<u8>]) -> Vec<u8> {
    let mut tape = files.concat();
    tape.resize(tape.len() + 1024, 0);
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&tape).expect("packed");
    packer.finish().expect("packed")
}

fn good() -> Vec<u8> {
    let readme = file("completions/tirith.bash", EntryType::Regular, b"words", "");
    packed(&[readme, file("./tirith", EntryType::Regular, PROGRAM.as_bytes(), "")])
}

fn downloading(server: &Server, settings: &str) -> Hermes {
    asking(&format!("tirith_release_url: {}\n{settings}", server.url))
}

fn installed(hermes: &Hermes) -> PathBuf {
    hermes.path("home/bin/tirith")
}

/// Nothing of a release that was refused is left, in the home or elsewhere.
fn is_untouched(hermes: &Hermes) -> bool {
    let empty = |path: &str| fs::read_dir(hermes.path(path)).map_or(0, Iterator::count) == 0;
    empty("home/bin") && empty("home/tirith") && !hermes.path("evil").exists() && !hermes.path("home/evil").exists()
}

#[test]
fn a_good_release_is_installed_and_used() {
    let server = Server::start(release(&good(), &good()));
    let hermes = downloading(&server, "");
    let ran = run(hermes.command(&["tirith"]));
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("There is none, neither on PATH nor in the home"), "{ran:?}");
    let ran = run(hermes.command(&["tirith", "install"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("checked by its SHA-256; there is no cosign"), "{ran:?}");
    assert_eq!(fs::metadata(installed(&hermes)).expect("installed").permissions().mode() & 0o7777, 0o755);
    assert_eq!(fs::read_to_string(installed(&hermes)).expect("read"), PROGRAM);
    assert_eq!(fs::read_dir(hermes.path("home/bin")).expect("listed").count(), 1);
    assert_eq!(rules(&check(&hermes, "echo a").1), ["tirith-block"]);
    let ran = run(hermes.command(&["tirith", "status"]));
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains(text(&installed(&hermes))), "{ran:?}");
    assert_eq!(run(hermes.command(&["tirith", "dance"])).code, Some(1));
}

#[test]
fn whatever_else_a_server_sends_is_refused() {
    let regular = |name: &str| file(name, EntryType::Regular, PROGRAM.as_bytes(), "");
    let odd = |kind, link| packed(&[file("tirith", kind, b"", link)]);
    let good = good();
    let (cut, short) =
        (&good[..good.len() / 2], packed(&[file("tirith", EntryType::Regular, &[b'x'; 4096], "")[..1000].to_vec()]));
    let archives: [(Vec<u8>, &str); 10] = [
        (packed(&[regular("tirith"), regular("../../evil")]), "a path that leads elsewhere"),
        (packed(&[regular("tirith"), regular("a/../evil")]), "a path that leads elsewhere"),
        (packed(&[regular("/tmp/tirith")]), "a path that leads elsewhere"),
        (odd(EntryType::Symlink, "/bin/true"), "no regular file"),
        (odd(EntryType::Link, "/bin/true"), "no regular file"),
        (odd(EntryType::Directory, ""), "no regular file"),
        (packed(&[regular("tirith"), regular("tirith")]), "twice"),
        (packed(&[regular("other/tirith")]), "holds no `tirith`"),
        (cut.to_vec(), "damaged"),
        (short, "damaged"),
    ];
    for (archive, why) in archives {
        let server = Server::start(release(&archive, &archive));
        refused(&downloading(&server, ""), why);
    }
    refused(&downloading(&Server::start(release(&good, b"other")), ""), "the SHA-256 of");
    // Cut on its way, the length that was announced included.
    let mut cut = release(&good, &good);
    let whole = cut[&format!("/{}", archive_name())].clone().expect("an archive");
    cut.insert(format!("/{}", archive_name()), Some(whole[..whole.len() - 20].to_vec()));
    refused(&downloading(&Server::start(cut), ""), &archive_name());
    // Without a checksum there is nothing to check by.
    for list in ["", "garbage", &format!("{}  {}\n", "0".repeat(63), archive_name())] {
        let mut answers = release(&good, &good);
        answers.insert("/checksums.txt".to_owned(), Some(answer("200 OK", "", list.as_bytes())));
        refused(&downloading(&Server::start(answers), ""), "`checksums.txt`");
    }
    let mut answers = release(&good, &good);
    answers.remove("/checksums.txt");
    refused(&downloading(&Server::start(answers), ""), "status 404");
}

fn refused(hermes: &Hermes, why: &str) {
    let ran = run(hermes.command(&["tirith", "install"]));
    assert_eq!(ran.code, Some(1), "{why}: {ran:?}");
    assert!(ran.err.contains("Downloading tirith failed") && ran.err.contains(why), "{why}: {ran:?}");
    assert!(!installed(hermes).exists() && is_untouched(hermes), "{why}");
}

#[test]
fn redirects_lead_to_what_is_configured_and_come_to_an_end() {
    let moved = |to: &str| Some(answer("302 Found", &format!("location: {to}\r\n"), b""));
    let mut answers = release(&good(), &good());
    let list = answers.insert("/checksums.txt".to_owned(), moved("/a")).expect("there");
    answers.insert("/a".to_owned(), moved("b"));
    answers.insert("/b".to_owned(), list);
    let hermes = downloading(&Server::start(answers), "");
    assert_eq!(run(hermes.command(&["tirith", "install"])).code, Some(0));
    let ends = [
        ("/checksums.txt", "more than 5 times"),
        ("http://127.0.0.1:1/x", "neither in the plugin's manifest"),
        ("file:///etc/passwd", "not a scheme"),
        ("http://[", "redirects nowhere"),
    ];
    for (to, why) in ends {
        let mut answers = release(&good(), &good());
        answers.insert("/checksums.txt".to_owned(), moved(to));
        refused(&downloading(&Server::start(answers), ""), why);
    }
}

#[test]
fn cosign_has_its_say_where_it_is_installed() {
    for (code, says) in [(0, "by its SHA-256 and by cosign"), (1, "cosign does not confirm who signed")] {
        let server = Server::start(release(&good(), &good()));
        let hermes = downloading(&server, "");
        let path = format!("{}:/usr/bin:/bin", hermes.path("stand-ins").display());
        let hermes = hermes.variable("PATH", &path);
        let (cosign, marks) = (hermes.path("stand-ins/cosign"), hermes.path("marks"));
        let script = format!(
            "#!/bin/sh\necho \"$*\" >>{0}\nenv >>{0}\nfor f in list signature certificate; do head -c 20 $f >>{0}; done\n\
             echo 'no matching signatures' >&2\nexit {code}\n",
            text(&marks)
        );
        fs::write(&cosign, script).expect("written");
        fs::set_permissions(&cosign, fs::Permissions::from_mode(0o755)).expect("set");
        if code == 0 {
            let ran = run(hermes.command(&["tirith", "install"]));
            assert!(ran.code == Some(0) && ran.out.contains(says), "{ran:?}");
        } else {
            refused(&hermes, says);
            refused(&hermes, "no matching signatures");
        }
        let marks = hermes.marks();
        assert!(marks.starts_with("verify-blob --certificate /") && marks.contains("sheeki03/tirith"), "{marks}");
        assert!(marks.contains("signaturecertificate") && !marks.contains("HERMES_SECURITY"), "{marks}");
        assert_eq!(fs::read_dir(hermes.path("home/tirith")).expect("listed").count(), 0);
    }
    // One that is there must have something to look at.
    let mut answers = release(&good(), &good());
    answers.remove("/checksums.txt.sig");
    let hermes = downloading(&Server::start(answers), "");
    let path = format!("{}:/usr/bin:/bin", hermes.path("stand-ins").display());
    fs::copy("/bin/true", hermes.path("stand-ins/cosign")).expect("copied");
    refused(&hermes.variable("PATH", &path), "checksums.txt.sig` is answered with status 404");
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = tokio::time::Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(tokio::time::Instant::now() < end, "{what} never came");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn it_is_downloaded_in_the_background_and_nobody_waits() {
    let server = Server::start(release(&good(), &good()));
    let hermes = downloading(&server, "");
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line("echo first");
    assert!(terminal.until("\nfirst\n").replace('\n', " ").contains("it is being downloaded in the background"));
    until("the download", || installed(&hermes).exists());
    terminal.until(SIGN);
    terminal.line("echo second");
    terminal.until("tirith blocks this command");
    terminal.until("Choice [o/s/D]: ");
    terminal.line("");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);

    let silent = release(&good(), &good()).into_keys().map(|path| (path, None)).collect();
    let server = Server::start(silent);
    let hermes = downloading(&server, "");
    let began = tokio::time::Instant::now();
    assert_eq!(exec(&hermes, "echo on").out, "on\n");
    assert_eq!(exec(&hermes, "echo on").out, "on\n");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // The second did not begin again what the first may still be doing.
    assert!(server.asked().len() <= 1 && is_untouched(&hermes), "{:?}", server.asked());
}

#[test]
fn a_download_that_failed_is_not_tried_again_by_itself() {
    let server = Server::start(Answers::new());
    let hermes = downloading(&server, "");
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line("echo first");
    terminal.until("\nfirst\n");
    let store = hermes.path("home/plugins/.stores/scanner-tirith.json");
    until("the failure", || fs::read_to_string(&store).is_ok_and(|text| text.contains("status 404")));
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    let asked = server.asked().len();
    assert_eq!(exec(&hermes, "echo on").out, "on\n");
    let log = fs::read_to_string(hermes.path("home/logs/hermes.log")).expect("a log");
    assert!(log.contains("`hermes tirith install` tries again, and so does hermes in 24 h"), "{log}");
    assert_eq!(server.asked().len(), asked);
    let doctor = run(hermes.command(&["doctor"])).out;
    assert!(doctor.contains("Downloading tirith failed") && doctor.contains("`hermes tirith install`"), "{doctor}");
    // By hand it is tried at once.
    refused(&hermes, "status 404");
    assert!(server.asked().len() > asked);
}

#[test]
fn one_that_is_named_is_never_downloaded_and_neither_is_anything_from_nowhere() {
    let server = Server::start(release(&good(), &good()));
    let hermes = downloading(&server, "tirith_path: ~/none/tirith");
    assert_eq!(exec(&hermes, "echo on").out, "on\n");
    assert!(server.asked().is_empty());
    let hermes = asking("tirith_release_url: ''");
    assert_eq!(exec(&hermes, "echo on").out, "on\n");
    let ran = run(hermes.command(&["tirith", "install"]));
    assert!(ran.code == Some(1) && ran.err.contains("`security.tirith_release_url` is empty"), "{ran:?}");
}
