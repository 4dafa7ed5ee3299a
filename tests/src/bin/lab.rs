//! A small Internet on the loopback interface, for stories in a network namespace of their own: `lab FOLDER
//! ADDRESS…`.
//!
//! It answers DNS on 127.0.0.1:53 from `FOLDER/names` (a name and its answers a line, the next answer for each
//! question, the last one from then on; several addresses joined by `,`), and HTTP on port 80 of each address from
//! `FOLDER/www/ADDRESS/…`: files are whole responses. `NAME.flood` is followed by zeros for ever, `NAME.slow` by a
//! byte a second. What was asked stands in `FOLDER/log`, a line each. `FOLDER/ready` says that all is there.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "a server for tests")]

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().ok_or("usage: lab FOLDER ADDRESS…")?);
    let names = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53))?;
    for address in args {
        let listener = TcpListener::bind((address.parse::<IpAddr>()?, 80))?;
        let folder = folder.clone();
        std::thread::spawn(move || serve(&listener, &folder, &address));
    }
    fs::write(folder.join("ready"), "")?;
    resolve(&names, &folder)
}

fn log(folder: &Path, line: &str) {
    let file = OpenOptions::new().append(true).create(true).open(folder.join("log"));
    file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())).expect("written");
}

fn resolve(socket: &UdpSocket, folder: &Path) -> Result<()> {
    let mut asked: HashMap<String, usize> = HashMap::new();
    let mut packet = [0; 512];
    loop {
        let (length, from) = socket.recv_from(&mut packet)?;
        let question = packet.get(..length).ok_or("a packet")?;
        let Some((name, kind, end)) = question_of(question) else { continue };
        let zone = fs::read_to_string(folder.join("names"))?;
        let answers: Option<Vec<&str>> = zone
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .find(|words| words.first() == Some(&name.as_str()))
            .map(|words| words[1..].to_vec());
        let mut addresses = Vec::new();
        if let (Some(answers), 1) = (&answers, kind) {
            log(folder, &format!("dns {name}"));
            let turn = asked.entry(name).or_default();
            let set = answers.get(*turn).or(answers.last()).copied().unwrap_or_default();
            *turn += 1;
            addresses.extend(set.split(',').filter_map(|address| address.parse::<Ipv4Addr>().ok()));
        }
        let mut reply = question.get(..end).ok_or("a question")?.to_vec();
        let missing = u8::from(answers.is_none()) * 3;
        reply[2..12].copy_from_slice(&[0x81, 0x80 | missing, 0, 1, 0, addresses.len() as u8, 0, 0, 0, 0]);
        for address in addresses {
            // No seconds to live: whoever asks again gets the next answer.
            reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
            reply.extend(address.octets());
        }
        socket.send_to(&reply, from)?;
    }
}

/// The name, the kind of record, and where the question ends.
fn question_of(packet: &[u8]) -> Option<(String, u16, usize)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]);
    Some((labels.join("."), kind, at + 4))
}

fn serve(listener: &TcpListener, folder: &Path, address: &str) {
    for stream in listener.incoming().flatten() {
        let (folder, address) = (folder.to_owned(), address.to_owned());
        // A client that goes away early is what some stories are about.
        std::thread::spawn(move || answer(&stream, &folder, &address).unwrap_or_default());
    }
}

fn answer(mut stream: &TcpStream, folder: &Path, address: &str) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().ok_or("a request")??;
    let mut headers = String::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        headers.push_str(&format!(" {}", line.to_lowercase()));
    }
    log(folder, &format!("http {address} {first}{headers}"));
    let path = first.split_whitespace().nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let file = folder.join("www").join(address).join(path.trim_start_matches('/'));
    let with = |ending: &str| PathBuf::from(format!("{}{ending}", file.display()));
    if let Ok(head) = fs::read(with(".flood")) {
        stream.write_all(&head)?;
        loop {
            stream.write_all(&[b'0'; 64 << 10])?;
        }
    }
    if let Ok(head) = fs::read(with(".slow")) {
        stream.write_all(&head)?;
        loop {
            stream.write_all(b"0")?;
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    let missing = || b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
    stream.write_all(&fs::read(file).unwrap_or_else(|_| missing()))?;
    Ok(())
}
