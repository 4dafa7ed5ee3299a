//! Every backend opens or says why not, and answers about files; every platform stops when it is told to.

use hermes_plugin_api::backend::{Keep, SessionSpec};
use hermes_plugin_api::platform::{Inbound, Media};

use super::{Checks, graceful, timely};
use crate::app::App;
use crate::flow::{self, CancelSource};

const NOWHERE: &str = "/no/such/file/anywhere";

/// Runs no command: that takes the guard's leave.
pub(super) async fn backend(checks: &mut Checks, app: &App, name: &str) {
    let what = format!("backend `{name}` opens a session or says why not");
    let backend = match app.plugins.backend(name) {
        Ok(backend) => backend,
        Err(refusal) => return checks.add(what, Err(refusal.cause)),
    };
    let session = timely("open", async move { backend.open("test", &SessionSpec::default()).await }).await;
    let session = match session {
        Ok(session) => session,
        Err(error) => return checks.add(what, graceful(&error)),
    };
    let absolute = |path: &str| path.is_empty() || path.starts_with('/');
    let facts = session.facts();
    let told = if absolute(&facts.cwd) && absolute(&facts.home) {
        Ok(())
    } else {
        Err("its paths are not absolute".to_owned())
    };
    checks.add(what, told);
    let asked = session.clone();
    let read = timely("read_file", async move {
        let (output, _pieces) = flow::bytes(16);
        asked.read_file(NOWHERE, output).await
    });
    let read = match read.await {
        Ok(()) => Err("it read a file that is not there".to_owned()),
        Err(error) => graceful(&error),
    };
    checks.add(format!("backend `{name}` says so when a file is not there"), read);
    let closed = timely("close", async move { session.close(Keep::default()).await }).await;
    checks.add(format!("backend `{name}` closes its session"), closed.map_err(|error| error.message));
}

pub(super) async fn platform(checks: &mut Checks, app: &App, name: &str) {
    let what = format!("platform `{name}` stops receiving when it is told to");
    let platform = match app.plugins.platform(name) {
        Ok(platform) => platform,
        Err(refusal) => return checks.add(what, Err(refusal.cause)),
    };
    let running = platform.clone();
    let ran = timely("run", async move {
        let (inbox, _messages) = flow::messages::<Inbound>(16);
        let cancel = CancelSource::new();
        cancel.cancel();
        running.run(inbox, &cancel.handle()).await
    });
    checks.add(what, ran.await.or_else(|error| graceful(&error)));
    let fetched = timely("fetch", async move {
        let (output, _pieces) = flow::bytes(16);
        let media = Media { id: "no-such-media".into(), ..Media::default() };
        platform.fetch(&media, 1024, output).await
    });
    let fetched = match fetched.await {
        Ok(()) => Err("it fetched media that is not there".to_owned()),
        Err(error) => graceful(&error),
    };
    checks.add(format!("platform `{name}` says so when media is not there"), fetched);
}
