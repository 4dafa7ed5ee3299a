//! A namespace with a network of its own, in which public addresses are on the loopback interface: what a story
//! fetches never leaves this machine, and the program is the one that is shipped.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::hermes::{Hermes, Ran, run};

/// The address that is public, and in the lab.
pub const PUBLIC: &str = "93.184.216.34";
/// Another one.
pub const OTHER: &str = "93.184.216.35";

/// The lab of one story.
pub struct Lab<'a> {
    hermes: &'a Hermes,
    server: PathBuf,
}

impl<'a> Lab<'a> {
    /// A lab whose names have these answers: a name and its answers a line. `server` is the program `lab`.
    ///
    /// # Panics
    /// When its folder cannot be made.
    #[must_use]
    pub fn new(hermes: &'a Hermes, server: &str, names: &str) -> Self {
        let lab = Self { hermes, server: server.into() };
        fs::create_dir_all(lab.path("www")).expect("made");
        fs::write(lab.path("names"), names).expect("written");
        fs::write(lab.path("resolv.conf"), "nameserver 127.0.0.1\n").expect("written");
        lab
    }

    /// A path in the lab's folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.hermes.path("lab").join(name)
    }

    /// What an address answers to a path: a whole response.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn serves(self, address: &str, path: &str, response: impl AsRef<[u8]>) -> Self {
        let file = self.path("www").join(address).join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, response).expect("written");
        self
    }

    /// What was asked, a line each.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Runs the program in the lab.
    ///
    /// # Panics
    /// Where there are no namespaces.
    #[must_use]
    pub fn run(&self, args: &[&str], more: &[(&str, &str)]) -> Ran {
        let mut command = self.command(args);
        command.envs(more.iter().copied());
        let ran = run(command);
        assert_ne!(ran.code, Some(99), "namespaces and `ip` are needed here: {ran:?}");
        ran
    }

    /// The program in the lab; it exits with 99 where there are no namespaces.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let script = r#"ip link set lo up && ip address add "$PUBLIC/32" dev lo && ip address add "$OTHER/32" dev lo || exit 99
            mount --bind "$LAB/resolv.conf" "$(readlink -f /etc/resolv.conf)" || exit 99
            "$SERVER" "$LAB" 127.0.0.1 "$PUBLIC" "$OTHER" & server=$!
            for _ in $(seq 100); do [ -e "$LAB/ready" ] && break; sleep 0.1; done
            "$HERMES" "$@"; code=$?
            kill "$server"; exit "$code""#;
        #[expect(clippy::disallowed_methods, reason = "a story runs the program in a network of its own")]
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child"]);
        command.args(["sh", "-c", script, "sh"]).args(args);
        self.hermes.settle(&mut command);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LAB", self.path("")).env("SERVER", &self.server);
        command.env("HERMES", self.hermes.program()).env("PUBLIC", PUBLIC).env("OTHER", OTHER);
        command
    }
}

/// A whole response.
#[must_use]
pub fn response(status: &str, headers: &str, body: &str) -> String {
    let lines: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{lines}\r\n{body}", body.len())
}

/// A response that sends on.
#[must_use]
pub fn redirect(to: &str) -> String {
    response("302 Found", &format!("location: {to}"), "")
}
