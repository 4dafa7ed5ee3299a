//! A real `sshd` for one story: on the loopback, on a port of its own, with keys of its own, as the user who runs the
//! tests.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::hermes::{Hermes, text};
use crate::skip::skip;

const PROGRAM: &str = "/usr/sbin/sshd";
/// How often it is looked whether the server has come up, or a line has come into its log.
const TRIES: usize = 200;

/// The server. It ends, with all its connections, when this is dropped.
pub struct Sshd {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Sshd {
    /// Starts one; `None` where there is none, which is noted.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::with("")
    }

    /// As [`Sshd::start`], with these further lines in its configuration.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn with(lines: &str) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            skip("backend ssh", "apt-get install openssh-server");
            return None;
        }
        // Where it wants to hide its helpers; only root has to have it.
        let _ = std::fs::create_dir_all("/run/sshd");
        let folder = TempDir::new().expect("a folder");
        let mut sshd = Self { port: free_port(), folder, server: None };
        sshd.key("host");
        sshd.key("user");
        std::fs::copy(sshd.path("user.pub"), sshd.path("authorized")).expect("copied");
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n\
             PermitRootLogin yes\nLogLevel VERBOSE\n{lines}\n",
            sshd.port,
            text(&sshd.path("host")),
            text(&sshd.path("authorized")),
        );
        std::fs::write(sshd.path("sshd_config"), config).expect("written");
        sshd.resume();
        Some(sshd)
    }

    /// Starts the server again after [`Sshd::stop`].
    ///
    /// # Panics
    /// When it does not come up.
    pub fn resume(&mut self) {
        let seen = self.log().matches("Server listening").count();
        let mut command = program(PROGRAM);
        command.args(["-D", "-f", text(&self.path("sshd_config")), "-E", text(&self.path("log"))]);
        self.server =
            Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started"));
        self.until(|log| log.matches("Server listening").count() > seen);
    }

    /// Ends the server and every connection it has.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn stop(&mut self) {
        self.cut();
        let Some(mut server) = self.server.take() else { return };
        let _ = server.kill();
        server.wait().expect("waited for");
    }

    /// Cuts every connection, as a network does that goes away; the commands in them run on.
    pub fn cut(&self) {
        let Some(server) = &self.server else { return };
        let server = server.id();
        for (pid, parent, name) in processes() {
            if name.starts_with("sshd") && parent == server {
                signal(pid);
                for (child, _, _) in
                    processes().into_iter().filter(|(_, of, name)| *of == pid && name.starts_with("sshd"))
                {
                    signal(child);
                }
            }
        }
    }

    /// Gives the server another key, as a machine has that was set up anew.
    ///
    /// # Panics
    /// When that fails.
    pub fn change_key(&mut self) {
        self.stop();
        std::fs::remove_file(self.path("host")).expect("removed");
        std::fs::remove_file(self.path("host.pub")).expect("removed");
        self.key("host");
        self.resume();
    }

    /// Configures the program for this server, and keeps what its `ssh` learns in the story's folder.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn reached_by(&self, hermes: Hermes, more: &str) -> Hermes {
        self.settle(&hermes, "");
        hermes.configured(&format!(
            "terminal:\n  ssh_host: 127.0.0.1\n  ssh_port: {}\n  ssh_key: {}\n{more}",
            self.port,
            text(&self.path("user"))
        ))
    }

    /// Puts an `ssh` before the system's that reads a configuration of the story's own, with these lines first: as
    /// `~/.ssh/config` would, which stands with the account, not in `HOME`.
    ///
    /// # Panics
    /// When that fails.
    pub fn settle(&self, hermes: &Hermes, lines: &str) {
        let (config, stand_in) = (hermes.path("ssh_config"), hermes.path("stand-ins/ssh"));
        let known = hermes.path("known_hosts");
        std::fs::write(&config, format!("{lines}\nUserKnownHostsFile {}\n", text(&known))).expect("written");
        std::fs::write(&stand_in, format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", text(&config)))
            .expect("written");
        std::fs::set_permissions(&stand_in, std::fs::Permissions::from_mode(0o755)).expect("set");
    }

    /// Puts a passphrase on the key that it lets in.
    ///
    /// # Panics
    /// When that fails.
    pub fn lock_key(&self, passphrase: &str) {
        let path = self.path("user");
        let changed = program("ssh-keygen").args(["-q", "-p", "-P", "", "-N", passphrase, "-f", text(&path)]).output();
        assert!(changed.expect("run").status.success());
    }

    /// Starts an agent that has that key.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn agent(&self, passphrase: &str) -> Agent {
        let socket = self.path("agent");
        let mut command = program("ssh-agent");
        command.args(["-D", "-a", text(&socket)]);
        let agent = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        let agent = Agent { agent, socket };
        for _ in 0..TRIES {
            if agent.socket.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        // It asks for the passphrase by a program.
        let asker = self.path("asker");
        std::fs::write(&asker, format!("#!/bin/sh\necho '{passphrase}'\n")).expect("written");
        std::fs::set_permissions(&asker, std::fs::Permissions::from_mode(0o700)).expect("set");
        let mut add = program("ssh-add");
        add.arg(self.path("user")).env("SSH_AUTH_SOCK", &agent.socket).stdin(Stdio::null());
        add.env("SSH_ASKPASS", &asker).env("SSH_ASKPASS_REQUIRE", "force");
        assert!(add.output().expect("run").status.success());
        agent
    }

    /// How many connections were let in.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.log().matches("Accepted publickey").count()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file of the server's: `user` is the key that it lets in.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the server wrote down.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn key(&self, name: &str) {
        let path = self.path(name);
        let made = program("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", text(&path)]).status();
        assert!(made.expect("run").success());
    }

    fn until(&self, holds: impl Fn(&str) -> bool) {
        for _ in 0..TRIES {
            if holds(&self.log()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("sshd does not come up: {}", self.log());
    }
}

/// An agent with keys. It ends when this is dropped.
pub struct Agent {
    agent: Child,
    socket: PathBuf,
}

impl Agent {
    /// What `SSH_AUTH_SOCK` names.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

#[expect(clippy::disallowed_methods, reason = "a story needs the machine that it talks to")]
fn program(name: &str) -> Command {
    Command::new(name)
}

fn signal(pid: u32) {
    // It may have ended by itself.
    let _ = program("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Process, parent and name of all that run.
fn processes() -> Vec<(u32, u32, String)> {
    let all = std::fs::read_dir("/proc").expect("listed").flatten();
    let stat = all.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    stat.filter_map(|stat| {
        let (pid, rest) = stat.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        Some((pid.parse().ok()?, rest.split(' ').nth(1)?.parse().ok()?, name.to_owned()))
    })
    .collect()
}
