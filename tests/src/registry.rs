//! A registry of images for stories: the one that Debian ships, on the loopback interface, where engines speak to it
//! without encryption; and a slow way to it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::docker::{Engine, command, target};
use crate::dockerd::Dockerd;
use crate::hermes::{run, text};
use crate::skip::skip;

/// The registry of one story. It ends when this is dropped.
pub struct Registry {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Registry {
    /// Starts one that gives everything to everybody; `None` where there is none, which is noted.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start() -> Option<Self> {
        let places = [target().join("peers/docker-registry"), "/usr/bin/docker-registry".into()];
        let Some(program) = places.into_iter().find(|place| place.exists()) else {
            skip("images of a registry", "tests/peers/registry.sh");
            return None;
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut registry = Self { program, folder: TempDir::new().expect("a folder"), port, server: None };
        registry.serve("", command);
        Some(registry)
    }

    /// From now on gives to those who may, and tells nobody how to be one.
    pub fn close_up(&mut self) {
        self.stop();
        let users = self.folder.path().join("users");
        // Where the file is missing, the registry makes up a user.
        self.serve(&format!("auth: {{htpasswd: {{realm: private, path: {}}}}}\n", text(&users)), command);
    }

    /// From now on is where this engine is, which cannot reach what is elsewhere.
    pub fn move_to(&mut self, dockerd: &Dockerd) {
        self.stop();
        self.serve("", |program| dockerd.inside(program));
    }

    /// Ends it; what it has stays.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// The name of an image in this registry.
    #[must_use]
    pub fn name(&self, image: &str) -> String {
        format!("127.0.0.1:{}/{image}", self.port)
    }

    /// Makes an image, of the programs of stories and `size` bytes that nothing else has, and puts it here. It does
    /// not stay in the engine. Returns its digest.
    ///
    /// # Panics
    /// When the engine does not do it.
    #[must_use]
    pub fn put(&self, engine: &Engine, image: &str, size: usize) -> String {
        let name = self.name(image);
        let folder = self.folder.path().join("image");
        let script = r#"set -e; mkdir -p "$1"; cp "$2" "$1.tar"; head -c "$3" /dev/urandom >"$1/noise"
            tar -rf "$1.tar" -C "$1" noise"#;
        let mut sh = command("sh");
        sh.args(["-c", script, "sh", text(&folder), text(&engine.archive()), &size.to_string()]);
        let ran = run(sh);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let tar = format!("{}.tar", text(&folder));
        let _ = engine.ask(&["import", "--change", "ENV PATH=/bin", &tar, &name]);
        let _ = engine.ask(&["push", &name]);
        let digest = engine.ask(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", &name]);
        let _ = engine.ask(&["rmi", &name]);
        digest.rsplit_once('@').expect("a digest").1.to_owned()
    }

    /// Has what a digest stands for be something else from now on.
    ///
    /// # Panics
    /// When there is no such thing.
    pub fn spoil(&self, digest: &str) {
        let hash = digest.strip_prefix("sha256:").expect("a digest");
        let blobs = self.folder.path().join("kept/docker/registry/v2/blobs/sha256");
        let file = blobs.join(&hash[..2]).join(hash).join("data");
        let manifest = fs::read_to_string(&file).expect("it is here");
        fs::write(&file, manifest + "\n").expect("written");
    }

    /// A way to it that lets through so many bytes in a second, over each connection.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn slowly(&self, rate: u64) -> Slow {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (open, passed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
        let (to, counted, counting) = (self.port, open.clone(), passed.clone());
        // It ends with the process of the story.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (open, passed) = (counted.clone(), counting.clone());
                open.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    pass(&client, to, rate, &passed);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Slow { port, open, passed }
    }

    fn serve(&mut self, more: &str, start: impl Fn(&str) -> Command) {
        let path = |name: &str| self.folder.path().join(name);
        let (config, kept): (PathBuf, PathBuf) = (path("config.yml"), path("kept"));
        let lines = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: '127.0.0.1:{}'}}\n{more}",
            text(&kept),
            self.port
        );
        fs::write(&config, lines).expect("written");
        let log = fs::File::create(path("log")).expect("a log");
        let mut server = start(text(&self.program));
        server.args(["serve", text(&config)]).stdin(Stdio::null());
        server.stdout(log.try_clone().expect("a log")).stderr(log);
        self.server = Some(server.spawn().expect("started"));
        let begun = Instant::now();
        // Asked from where it is: that need not be our own loopback interface.
        let answers = || {
            let mut bash = start("bash");
            bash.args(["-c", "exec 3<>\"/dev/tcp/127.0.0.1/$1\"", "bash", &self.port.to_string()]);
            run(bash).code == Some(0)
        };
        while !answers() {
            let log = || fs::read_to_string(path("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(20), "the registry does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A slow way to a registry.
pub struct Slow {
    port: u16,
    open: Arc<AtomicUsize>,
    passed: Arc<AtomicU64>,
}

impl Slow {
    /// The name of an image over this way.
    #[must_use]
    pub fn name(&self, image: &str) -> String {
        format!("127.0.0.1:{}/{image}", self.port)
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// How many bytes came through.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::SeqCst)
    }
}

/// Hands on what one connection says, until one of its ends is gone.
fn pass(client: &TcpStream, to: u16, rate: u64, passed: &AtomicU64) {
    const PIECE: usize = 16 * 1024;
    let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { return };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut &*client, &mut &server);
            let _ = server.shutdown(Shutdown::Both);
        });
        let mut piece = [0; PIECE];
        while let Ok(n @ 1..) = (&server).read(&mut piece)
            && (&*client).write_all(&piece[..n]).is_ok()
        {
            passed.fetch_add(n as u64, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs_f64(n as f64 / rate as f64));
        }
        let _ = client.shutdown(Shutdown::Both);
    });
}
