//! Files here and elsewhere, through a guard that asks nobody. Elsewhere is a backend of this process that this
//! module is not told to be here.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::Duration;

use hermes_plugin_api::backend::{Backend, BackendSession, ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::file::Bytes;
use hermes_plugin_api::flow::Channel;
use hermes_plugin_api::host::SpawnRequest;
use tempfile::TempDir;

use super::*;
use crate::flow::bytes;
use crate::guard::{Audience, Audit, ConsentStore, Policy};
use crate::host::process::{self, Event};
use crate::plugin::handle::BackendHandle;

struct There;

struct Open(SessionSpec);

impl Backend for There {
    type Session = Open;

    async fn open(&self, spec: SessionSpec) -> Result<Open> {
        Ok(Open(spec))
    }
}

impl BackendSession for Open {
    fn facts(&self) -> SessionFacts {
        let cwd = self.0.cwd.clone().unwrap_or_default();
        SessionFacts { home: format!("{cwd}/user"), cwd, ..SessionFacts::default() }
    }

    async fn exec(&self, request: ExecRequest, _: Channel, output: Output, _: Cancel) -> Result<Exit> {
        let env = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let cwd = self.0.cwd.clone();
        let mut process = process::spawn(SpawnRequest { argv: request.argv, cwd, env, ..SpawnRequest::default() })?;
        loop {
            match process.next().await {
                Some(Event::Stdout(data)) => output.write(data).await?,
                Some(Event::Stderr(_)) => {}
                Some(Event::Exit(exit)) => return Ok(exit),
                None => return Err(PluginError::unavailable("lost")),
            }
        }
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        let data = std::fs::read(path).map_err(|error| PluginError::user(error.to_string()))?;
        for piece in data.chunks(7) {
            output.write(piece).await?;
        }
        Ok(())
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        std::fs::write(path, data).map_err(|error| PluginError::user(error.to_string()))
    }

    async fn close(&self, _: Keep) -> Result<()> {
        Ok(())
    }
}

struct Nothing;

impl ConsentStore for Nothing {
    fn entries(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn add(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> Result<bool> {
        Ok(false)
    }
}

struct World {
    _folder: TempDir,
    root: PathBuf,
    guard: Guard,
    shell: Shell,
    checkpoints: Checkpoints,
    here: bool,
}

impl World {
    async fn new(here: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("there");
        for name in ["home", "user", "work"] {
            std::fs::create_dir(root.join(name)).expect("made");
        }
        let policy = Policy { home: root.join("home"), ..Policy::default() };
        let guard = Guard::new(policy, Vec::new(), Arc::new(Nothing), Audit::new(&root.join("home"))).expect("a guard");
        let backend = BackendHandle::new("test", "there", hermes_plugin_api::serve::backend(There));
        let spec = SessionSpec { cwd: root.to_str().map(str::to_owned), ..SessionSpec::default() };
        let session = backend.open("s", &spec).await.expect("opens");
        let shell = Shell::new(session, Duration::from_secs(60));
        let checkpoints = Checkpoints::new(&root.join("home/cache/checkpoints"), "s");
        checkpoints.begin("x");
        Self { _folder: folder, root, guard, shell, checkpoints, here }
    }

    fn files(&self) -> Files<'_> {
        let (backend, session, facts) = (self.shell.backend(), self.shell.id(), self.shell.facts());
        let caller = Caller { backend, session, who: "test", facts, audience: Audience::Cron, listener: None };
        Files { shell: &self.shell, guard: &self.guard, caller, here: self.here, checkpoints: &self.checkpoints }
    }

    fn has(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    async fn read(&self, path: &str, range: (u64, Option<u64>)) -> Result<(FileHead, String)> {
        let (output, mut pieces) = bytes(1);
        let request = FileRead { path: path.to_owned(), offset: range.0, limit: range.1, ..FileRead::default() };
        let cancel = Cancel::never();
        let files = self.files();
        let read = async { files.read(request, Some(output), &cancel).await };
        let collect = async {
            let mut text = Vec::new();
            while let Some(piece) = pieces.recv().await {
                text.extend(piece);
            }
            String::from_utf8(text).expect("text")
        };
        let (head, text) = tokio::join!(read, collect);
        Ok((head?, text))
    }

    async fn write(&self, path: &str, text: &str, expect: Expect) -> Result<FileWritten> {
        let content = Bytes::Text(text.to_owned());
        let request = FileWrite { path: path.to_owned(), content, expect, ..FileWrite::default() };
        self.files().write(request, &Cancel::never()).await
    }

    async fn walk(&self, request: FileWalk) -> Result<(Walked, Vec<(String, String)>)> {
        let (output, mut pieces) = bytes(1);
        let cancel = Cancel::never();
        let files = self.files();
        let walk = async { files.walk(request, Some(output), &cancel).await };
        let collect = async {
            let mut met = Vec::new();
            while let Some(piece) = pieces.recv().await {
                let (entry, content) = hermes_plugin_api::file::unpacked(&piece).expect("a message");
                met.push((entry.path, String::from_utf8_lossy(content).into_owned()));
            }
            met
        };
        let (walked, met) = tokio::join!(walk, collect);
        Ok((walked?, met))
    }
}

const BOTH: [bool; 2] = [true, false];

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_in_parts_and_written_whole() {
    for here in BOTH {
        let world = World::new(here).await;
        world.has("work/a", &"0123456789".repeat(10));
        let (head, text) = world.read("work/../work/a", (0, None)).await.expect("read");
        assert_eq!((head.kind, head.size, text.len()), (FileKind::File, 100, 100));
        assert_eq!(head.path, world.root.join("work/a").display().to_string());
        assert_eq!(world.read("work/a", (95, None)).await.expect("read").1, "56789");
        assert_eq!(world.read("work/a", (8, Some(4))).await.expect("read").1, "8901");
        let version = Expect::Version(head.version.clone());
        let written = world.write("work/a", "new", version.clone()).await.expect("written");
        assert_eq!(written.unsaved, None);
        assert_ne!(written.version, head.version);
        let stale = world.write("work/a", "newer", version).await.expect_err("refused");
        assert_eq!((stale.code, stale.hint()), (ErrorCode::USER, Some("read it again")));
        assert!(world.write("work/a", "newer", Expect::Missing).await.is_err());
        assert_eq!(world.read("work/a", (0, None)).await.expect("read").1, "new");
        assert_eq!(world.read("work/none", (0, None)).await.expect("told").0.kind, FileKind::Missing);
        assert_eq!(world.read("work", (0, None)).await.expect("told").0.kind, FileKind::Folder);
        assert_eq!(world.read("/dev/zero", (0, None)).await.expect("told").0.kind, FileKind::Other);
        assert!(world.read("", (0, None)).await.is_err() && world.read("a\0b", (0, None)).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_not_read_by_whatever_way() {
    for here in BOTH {
        let world = World::new(here).await;
        world.has("home/.env", "TOKEN=x");
        world.has("work/.env", "TOKEN=x");
        world.has("user/.aws/credentials", "x");
        symlink(world.root.join("home/.env"), world.root.join("work/notes")).expect("linked");
        symlink(world.root.join("home"), world.root.join("work/docs")).expect("linked");
        for path in
            ["home/.env", "work/.env", "work/notes", "work/docs/.env", "work/../home/.env", "~/.aws/credentials"]
        {
            let error = world.read(path, (0, None)).await.expect_err(path);
            assert_eq!(error.code, ErrorCode::DENIED, "{path}");
            // Nobody is there to say that it may be replaced.
            assert_eq!(
                world.write(path, "x", Expect::Anything).await.expect_err(path).code,
                ErrorCode::DENIED,
                "{path}"
            );
        }
        assert!(world.write("home/config.yaml", "x", Expect::Anything).await.is_err());
        let request = FileWalk { path: String::from("."), all: true, contents: Some(99), ..FileWalk::default() };
        let (walked, met) = world.walk(request).await.expect("walked");
        assert!(walked.secret == 3 && met.iter().all(|(_, text)| !text.contains("TOKEN")), "{walked:?} {met:?}");
        let log = std::fs::read_to_string(world.root.join("home/logs/audit.jsonl")).expect("written down");
        assert!(log.contains("read ") && log.contains(".env"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_leaves_out_what_git_would() {
    for here in BOTH {
        let world = World::new(here).await;
        for (path, text) in [
            ("work/.gitignore", "target/\n*.log\n!keep.log\n"),
            ("work/src/a.rs", "A"),
            ("work/src/b.txt", "B"),
            ("work/src/x.log", "L"),
            ("work/keep.log", "K"),
            ("work/target/debug/a.rs", "T"),
            ("work/.hidden/a.rs", "H"),
            ("work/sub/.gitignore", "b.rs\n"),
            ("work/sub/b.rs", "S"),
            ("work/big.rs", "0123456789"),
        ] {
            world.has(path, text);
        }
        symlink("/etc", world.root.join("work/etc")).expect("linked");
        let request = |globs: &[&str], all, contents| FileWalk {
            path: "work".to_owned(),
            globs: globs.iter().map(|glob| (*glob).to_owned()).collect(),
            all,
            contents,
            ..FileWalk::default()
        };
        let names = |met: Vec<(String, String)>| met.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let (walked, met) = world.walk(request(&[], false, None)).await.expect("walked");
        assert_eq!(names(met), ["big.rs", "keep.log", "src/a.rs", "src/b.txt"], "here: {here}");
        assert_eq!((walked.files, walked.more), (4, false));
        let (walked, met) = world.walk(request(&["*.rs"], false, Some(5))).await.expect("walked");
        assert_eq!((met, walked.skipped), (vec![("src/a.rs".to_owned(), "A".to_owned())], 1));
        let (_, met) = world.walk(request(&["*.rs"], true, None)).await.expect("walked");
        assert_eq!(names(met), [".hidden/a.rs", "big.rs", "src/a.rs", "sub/b.rs", "target/debug/a.rs"]);
        let few = FileWalk { most: 2, ..request(&[], false, None) };
        let (walked, met) = world.walk(few).await.expect("walked");
        assert!(walked.more && met.len() == 2);
        assert!(world.walk(request(&["a[", "{"], false, None)).await.is_err());
        let one = FileWalk { path: "work/src/a.rs".to_owned(), contents: Some(9), ..FileWalk::default() };
        assert_eq!(world.walk(one).await.expect("walked").1, [(String::new(), "A".to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_takes_more_ends_a_walk_and_a_read() {
    let world = World::new(true).await;
    for n in 0..2_000 {
        world.has(&format!("work/{n}"), "x");
    }
    let file = std::fs::File::create(world.root.join("work/huge")).expect("made");
    file.set_len(1 << 40).expect("sparse");
    let cancel = Cancel::never();
    let (output, mut pieces) = bytes(1);
    let files = world.files();
    let request = FileRead { path: "work/huge".to_owned(), ..FileRead::default() };
    let read = files.read(request, Some(output), &cancel);
    let look = async {
        let first = pieces.recv().await.map_or(0, |piece| piece.len());
        drop(pieces);
        first
    };
    let (head, first) = tokio::join!(read, look);
    assert_eq!((head.expect("read").size, first), (1 << 40, CHUNK));
    let (output, mut pieces) = bytes(1);
    let walk = files.walk(FileWalk { path: "work".to_owned(), ..FileWalk::default() }, Some(output), &cancel);
    let look = async {
        pieces.recv().await.expect("one");
        drop(pieces);
        ControlFlow::<()>::Break(())
    };
    let (walked, _) = tokio::join!(walk, look);
    assert!(walked.expect("walked").more);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_taken_back_and_what_others_wrote_is_not() {
    let world = World::new(true).await;
    world.has("work/a", "old");
    world.write("work/a", "new", Expect::Anything).await.expect("written");
    world.write("work/b", "new", Expect::Missing).await.expect("written");
    world.write("work/c", "new", Expect::Missing).await.expect("written");
    world.has("work/c", "theirs");
    let cancel = Cancel::never();
    let told = world.files().rollback(1, None, &cancel).await.expect("told");
    assert!(told.contains("work/a: taken back") && told.contains("work/b: taken back"), "{told}");
    assert!(told.contains("work/c: left alone: somebody else changed it since"), "{told}");
    let read = |name: &str| std::fs::read_to_string(world.root.join(name)).ok();
    assert_eq!(
        (read("work/a").as_deref(), read("work/b"), read("work/c").as_deref()),
        (Some("old"), None, Some("theirs"))
    );
    world.has("work/d", "old");
    world.write("work/d", "new", Expect::Anything).await.expect("written");
    // A link that was put in the way is not followed.
    std::fs::rename(world.root.join("work"), world.root.join("moved")).expect("moved");
    symlink(world.root.join("moved"), world.root.join("work")).expect("linked");
    let told = world.files().rollback(1, None, &cancel).await.expect("told");
    assert!(told.contains("work/d: left alone: a link leads elsewhere now"), "{told}");
}
