//! How a command is started and how it ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join;

use super::commands::{ARGUMENTS, BOTH_OUTPUTS, CAT, DIE, EXIT, LENGTH, MEET, MISSING, VARIABLE, WHERE, sh};
use super::{Suite, ends, prints, same, shown};
use crate::backend::{BackendSession, ExecRequest};
use crate::conformance::{Held, Runner};
use crate::error::ErrorCode;
use crate::flow::{Cancel, Channel};
use crate::harness::Collected;

/// Arguments that a shell on the way would change.
const ODD: [&str; 8] =
    ["", "two words", "new\nline", "$HOME `id` \"q\" 'q' \\", "caf\u{e9} \u{1f980}", "-n", "*", "a\u{1}\tb\r"];

pub(super) async fn check<S: BackendSession>(suite: &mut Suite<'_, impl Runner, S>) {
    suite.check("exit codes come back", |session, _| exits(session)).await;
    suite.check("a signal comes back", |session, _| async move { exits_with(&*session, sh(DIE, []), 137).await }).await;
    suite.check("what cannot be started is an error, not a result", |session, _| missing(session)).await;
    suite.check("both outputs come in their order", |session, _| both(session)).await;
    suite.check("arguments arrive as they are", |session, _| arguments(session)).await;
    suite
        .check("a long argument arrives whole", |session, _| async move {
            prints(&*session, sh(LENGTH, ["a".repeat(100_000)]), "100000\n").await
        })
        .await;
    suite.check("variables arrive as they are", |session, _| variables(session)).await;
    suite.check("the directory is the one that was asked for", place).await;
    suite.check("commands run beside each other", beside).await;
}

async fn exits_with(session: &impl BackendSession, request: ExecRequest, code: i32) -> Held {
    let (exit, _) = ends(session, request, Channel::empty()).await?;
    same(&exit.shell_code(), &code)
}

async fn exits<S: BackendSession>(session: Arc<S>) -> Held {
    for code in [0, 1, 3, 126, 127, 255] {
        exits_with(&*session, sh(EXIT, [code.to_string()]), code).await?;
    }
    Ok(())
}

async fn missing<S: BackendSession>(session: Arc<S>) -> Held {
    let request = ExecRequest { argv: vec![MISSING.to_owned()], ..ExecRequest::default() };
    match session.exec(request, Channel::empty(), Collected::default().output(), Cancel::never()).await {
        Err(error) => same(&error.code, &ErrorCode::UNAVAILABLE),
        Ok(exit) => Err(format!("found {exit:?}")),
    }
}

async fn both<S: BackendSession>(session: Arc<S>) -> Held {
    let expected: String = (1..=9).map(|n| format!("out {n}\nerr {n}\n")).collect();
    prints(&*session, sh(BOTH_OUTPUTS, []), &expected).await
}

async fn arguments<S: BackendSession>(session: Arc<S>) -> Held {
    let expected: String = ODD.iter().map(|argument| format!("<{argument}>\n")).collect();
    prints(&*session, sh(ARGUMENTS, ODD.map(str::to_owned)), &expected).await
}

async fn variables<S: BackendSession>(session: Arc<S>) -> Held {
    for value in ODD {
        let env = BTreeMap::from([("CONFORMANCE".to_owned(), value.to_owned())]);
        prints(&*session, ExecRequest { env, ..sh(VARIABLE, []) }, value).await?;
    }
    Ok(())
}

async fn place<S: BackendSession>(session: Arc<S>, directory: String) -> Held {
    let request = ExecRequest { cwd: Some(directory.clone()), ..sh(WHERE, []) };
    let (exit, output) = ends(&*session, request, Channel::empty()).await?;
    let name = directory.rsplit('/').next().unwrap_or_default();
    if !String::from_utf8_lossy(&output).trim_end().ends_with(name) {
        return Err(shown(&output));
    }
    same(&exit.shell_code(), &0)
}

/// Two that wait for each other, and short ones meanwhile.
async fn beside<S: BackendSession>(session: Arc<S>, directory: String) -> Held {
    let meet = |own: &str, other: &str| {
        let request = sh(MEET, [own, other].map(str::to_owned));
        ExecRequest { cwd: Some(directory.clone()), ..request }
    };
    let one = prints(&*session, meet("left", "right"), "");
    let other = async {
        for _ in 0..3 {
            exits_with(&*session, sh(EXIT, ["0".to_owned()]), 0).await?;
        }
        prints(&*session, meet("right", "left"), "").await
    };
    let (one, other) = join(one, other).await;
    one.and(other)?;
    prints(&*session, sh(CAT, [format!("{directory}/in-left")]), "\n").await
}
