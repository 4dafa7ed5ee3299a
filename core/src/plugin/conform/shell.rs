//! The shell of this host over a backend that is tried: whether a series of commands feels like one terminal there.

use std::sync::Arc;
use std::time::Duration;

use hermes_plugin_api::backend::{Backend as _, Keep, SessionSpec};
use hermes_plugin_api::conformance::lines::{Line, STORIES, Way};
use hermes_plugin_api::conformance::{Check, Runner as _};
use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::host::ProcessAction;

use super::offered::Tried;
use super::{Timed, check};
use crate::flow::{CancelSource, bytes};
use crate::guard::Trial;
use crate::shell::{RunOptions, Shell};

/// How long one line may take, and how long a story.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs all stories in one session.
pub(super) async fn checks(tried: &Arc<Tried>, spec: &SessionSpec) -> Vec<Check> {
    const OPENED: &str = "a shell is opened in it";
    let (backend, owned) = (tried.clone(), spec.clone());
    let opened = Timed.run(PATIENCE * 10, async move { backend.open(owned).await }).await;
    let session = match opened {
        Ok(session) => session,
        Err(error) => return vec![check(OPENED, Err(error.message))],
    };
    let trial = Arc::new(session.trial);
    let shell = Arc::new(Shell::new(session.session, PATIENCE));
    let mut checks = Vec::new();
    for story in STORIES {
        let (shell, trial) = (shell.clone(), trial.clone());
        let told = Timed.run(PATIENCE, async move {
            for line in story.lines {
                tell(&shell, &trial, line).await?;
            }
            Ok(())
        });
        checks.push(check(story.what, told.await.map_err(|error| error.message)));
    }
    let closed = Timed.run(PATIENCE, async move { shell.close(Keep::Nothing).await }).await;
    checks.push(check("the shell closes its session", closed.map_err(|error| error.message)));
    checks
}

async fn tell(shell: &Shell, trial: &Trial, line: &Line) -> Result<(), PluginError> {
    let found = match line.way {
        Way::Background => background(shell, trial, line).await?,
        _ => foreground(shell, trial, line).await?,
    };
    let expected = (line.output.to_owned(), Some(line.code));
    if found == expected {
        return Ok(());
    }
    Err(PluginError::internal(format!("`{}`: expected {expected:?}, found {found:?}", line.text)))
}

async fn foreground(shell: &Shell, trial: &Trial, line: &Line) -> Result<(String, Option<i32>), PluginError> {
    let witness = trial.line(line.text, &shell.cwd())?;
    let timeout = (line.way == Way::Limited).then_some(Duration::from_secs(1));
    let options = RunOptions { timeout, ..RunOptions::default() };
    let stop = CancelSource::new();
    let cancel = stop.handle();
    let (output, mut pieces) = bytes(16);
    let run = shell.run(witness, &options, Some(output), &cancel);
    let watch = async {
        while pieces.recv().await.is_some() {
            if line.way == Way::Interrupted {
                stop.cancel();
            }
        }
    };
    let (result, ()) = tokio::join!(run, watch);
    result.map(|result| (result.output, result.exit_code))
}

async fn background(shell: &Shell, trial: &Trial, line: &Line) -> Result<(String, Option<i32>), PluginError> {
    let started = shell.start(trial.line(line.text, &shell.cwd())?)?;
    let act = |action: &str| ProcessAction {
        action: action.to_owned(),
        process: started.process.clone(),
        data: Some("again".to_owned()),
        ..ProcessAction::default()
    };
    let never = Cancel::never();
    let _ = shell.process(&act("submit"), &never).await?;
    let ended = shell.process(&act("wait"), &never).await?;
    let code = ended["exit_code"].as_i64().and_then(|code| i32::try_from(code).ok());
    Ok((ended["output"].as_str().unwrap_or_default().to_owned(), code))
}
