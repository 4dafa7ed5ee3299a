//! A container engine for stories: the one of the environment, or one of the test run's own below `target`.
//!
//! Several test processes share it. It goes on until the next run finds it, so that a run does not begin by waiting;
//! `cargo xtask test` needs nothing of it. Images are made here, from programs of this machine: nothing is fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::hermes::{Hermes, Ran, run, told};
use crate::skip::skip;

/// The image that stories use: busybox, and the shell that commands are written for.
pub const IMAGE: &str = "hermes-test/bash:2";
/// The same without that shell.
pub const BARE: &str = "hermes-test/bare:2";

/// An engine that answers.
pub struct Engine {
    host: String,
}

impl Engine {
    /// The engine; `None`, said aloud, where this machine can have none.
    #[must_use]
    pub fn get() -> Option<&'static Self> {
        static ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
        let engine = ENGINE.get_or_init(Self::find).as_ref();
        if engine.is_none() {
            skip("backend-docker", "install docker.io, iptables and busybox-static, and be root");
        }
        engine
    }

    fn find() -> Option<Self> {
        let folder = folder();
        fs::create_dir_all(&folder).expect("made");
        let lock = fs::File::create(folder.join("lock")).expect("a lock");
        lock.lock().expect("locked");
        #[expect(clippy::disallowed_methods, reason = "who runs the tests may have an engine already")]
        let given = std::env::var("DOCKER_HOST").ok().map(|host| Self { host });
        let engine = given.filter(Self::answers).or_else(|| Self::own(&folder))?;
        engine.make_images(&folder);
        Some(engine)
    }

    /// The test run's own engine, started if it does not run yet.
    fn own(folder: &Path) -> Option<Self> {
        let path = |name: &str| folder.join(name).display().to_string();
        let engine = Self { host: format!("unix://{}", path("sock")) };
        if engine.answers() {
            return Some(engine);
        }
        if !is_root() || !has("dockerd") || !has("iptables") || !Path::new("/bin/busybox").exists() {
            return None;
        }
        let _ = fs::remove_file(folder.join("pid"));
        let log = fs::File::create(folder.join("log")).expect("a log");
        // In a session of its own: it outlives the test that began it.
        let mut dockerd = command("setsid");
        dockerd.args(["--fork", "dockerd", "--data-root", &path("data"), "--exec-root", &path("exec")]);
        dockerd.args(["--pidfile", &path("pid"), "-H", &engine.host]);
        dockerd.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        assert!(dockerd.status().expect("started").success(), "dockerd was not started");
        for _ in 0..120 {
            if engine.answers() {
                return Some(engine);
            }
            std::thread::sleep(Duration::from_millis(250));
        }
        panic!("dockerd does not answer: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    /// The address, as a person writes it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The program `docker`, asking this engine.
    #[must_use]
    pub fn docker(&self, args: &[&str]) -> Command {
        let mut docker = command("docker");
        docker.args(["-H", &self.host]).args(args);
        docker
    }

    /// What `docker` prints; it must succeed.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn ask(&self, args: &[&str]) -> String {
        let ran = run(self.docker(args));
        assert_eq!(ran.code, Some(0), "docker {args:?}: {ran:?}");
        ran.out.trim_end().to_owned()
    }

    /// The containers of a home, running or not.
    #[must_use]
    pub fn containers(&self, hermes: &Hermes) -> Vec<String> {
        let label = format!("label=hermes.home={}", hermes.path("home").display());
        self.ask(&["ps", "-aq", "--no-trunc", "--filter", &label]).lines().map(str::to_owned).collect()
    }

    /// The engine at an address.
    pub(crate) fn at(host: &str) -> Self {
        Self { host: host.to_owned() }
    }

    /// The files of [`IMAGE`], as they are imported.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        folder().join("bash.tar")
    }

    /// Whether it is there.
    pub(crate) fn answers(&self) -> bool {
        has("docker") && run(self.docker(&["info"])).code == Some(0)
    }

    /// Makes the images of the stories, which it must have.
    pub(crate) fn make_images(&self, folder: &Path) {
        let there = |image: &&str| run(self.docker(&["image", "inspect", image])).code == Some(0);
        if folder.join("bash.tar").exists() && [IMAGE, BARE].iter().all(there) {
            return;
        }
        // Several engines use the files.
        let lock = fs::File::create(folder.join("images.lock")).expect("a lock");
        lock.lock().expect("locked");
        let script = r#"set -e; [ ! -e "$1/../bash.tar" ] || exit 0; rm -rf "$1"; mkdir -p "$1"; cd "$1"
            mkdir bin tmp etc proc sys dev root workspace run var var/tmp
            cp /bin/busybox bin/; for name in $(/bin/busybox --list); do [ -e "bin/$name" ] || ln -s busybox "bin/$name"; done
            echo root:x:0:0:root:/root:/bin/sh >etc/passwd; rm -f bin/bash; tar -c . >../bare.tar
            cp /bin/bash bin/bash
            for library in $(ldd /bin/bash | grep -o '/[^ ]*'); do mkdir -p ".${library%/*}"; cp -L "$library" ".$library"; done
            tar -c . >../bash.part; mv ../bash.part ../bash.tar"#;
        let mut sh = command("sh");
        sh.args(["-c", script, "sh"]).arg(folder.join("root"));
        let ran = run(sh);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for (tar, image) in [("bash.tar", IMAGE), ("bare.tar", BARE)] {
            let tar = folder.join(tar).display().to_string();
            let _id = self.ask(&["import", "--change", "CMD [\"/bin/sh\"]", "--change", "ENV PATH=/bin", &tar, image]);
        }
    }
}

/// The program with this engine as its backend; `more` are further lines under `terminal`.
#[must_use]
pub fn hermes(engine: &Engine, more: &str) -> Hermes {
    Hermes::new().configured(&settings(engine, more))
}

/// The configuration for it.
#[must_use]
pub fn settings(engine: &Engine, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("  {line}\n")).collect();
    format!("terminal:\n  backend: docker\n  docker_host: {}\n  docker_image: {IMAGE}\n{more}", engine.host())
}

/// Runs one command as a person does.
#[must_use]
pub fn exec(hermes: &Hermes, text: &str) -> Ran {
    run(hermes.command(&["exec", "--", text]))
}

/// Where the engine of the test run lives.
pub(crate) fn folder() -> PathBuf {
    target().join("engine")
}

/// The target directory of the build.
pub(crate) fn target() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "xtask says here where it installed the program")]
    let prefix = std::env::var_os("HERMES_TEST_PREFIX").expect("run the tests with `cargo xtask test`");
    Path::new(&prefix).parent().expect("the prefix lies in the target directory").to_owned()
}

/// Whether root runs the tests.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

pub(crate) fn has(program: &str) -> bool {
    let mut sh = command("sh");
    sh.args(["-c", "command -v \"$1\"", "sh", program]);
    run(sh).code == Some(0)
}

pub(crate) fn command(program: &str) -> Command {
    #[expect(clippy::disallowed_methods, reason = "starts and asks the engine of the stories")]
    let mut command = Command::new(program);
    command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").env_remove("DOCKER_HOST");
    command
}

/// A command that goes on in a container, run as a person does.
pub struct Session<'a> {
    engine: &'a Engine,
    hermes: &'a Hermes,
    child: Child,
}

impl<'a> Session<'a> {
    /// Begins one that contains `sleep 60`, and waits until it is there.
    #[must_use]
    pub fn begin(engine: &'a Engine, hermes: &'a Hermes, text: &str) -> Self {
        Self::run(engine, hermes, hermes.command(&["exec", "--", text]))
    }

    /// As [`Session::begin`], with a command of one's own.
    ///
    /// # Panics
    /// When it does not come to be.
    #[must_use]
    pub fn run(engine: &'a Engine, hermes: &'a Hermes, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("started");
        let mut session = Self { engine, hermes, child };
        for _ in 0..300 {
            if session.child.try_wait().expect("asked").is_some() {
                let ran = session.wait();
                panic!("it ended: {ran:?}");
            }
            let there = engine.containers(hermes);
            if there.iter().any(|id| run(engine.docker(&["top", id])).out.contains("sleep 60")) {
                return session;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("no command began in a container");
    }

    /// The container.
    ///
    /// # Panics
    /// When there is not exactly one.
    #[must_use]
    pub fn container(&self) -> String {
        let [container] = <[String; 1]>::try_from(self.engine.containers(self.hermes)).expect("one");
        container
    }

    /// The program's process.
    ///
    /// # Panics
    /// When its id is none.
    #[must_use]
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("an id")
    }

    /// Interrupts it, and waits for its end.
    ///
    /// # Panics
    /// When it does not end as it must.
    pub fn end(self) {
        self.signal(rustix::process::Signal::INT);
        let (engine, hermes) = (self.engine, self.hermes);
        assert_eq!(self.wait().code, Some(130));
        assert_eq!(engine.containers(hermes), Vec::<String>::new(), "the container is gone with the session");
    }

    /// Kills it, so that it can clean up nothing.
    pub fn kill(self) {
        self.signal(rustix::process::Signal::KILL);
        let _ = self.wait();
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When that cannot be waited for.
    #[must_use]
    pub fn wait(self) -> Ran {
        told(self.child.wait_with_output().expect("waited for"))
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it is there");
    }
}
