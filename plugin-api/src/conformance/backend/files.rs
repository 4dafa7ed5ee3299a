//! Files are what was written, and what is wrong with one is the person's error.

use std::sync::Arc;

use super::commands::{CAT, sh};
use super::streams::bytes;
use super::{Suite, ends, same};
use crate::backend::BackendSession;
use crate::conformance::{Held, Runner};
use crate::error::{ErrorCode, Result};
use crate::flow::Channel;
use crate::harness::Collected;

/// Name and content of the file that is left for the session that comes after.
pub(super) const KEPT: &str = "kept";

/// Names that a shell on the way would change.
const ODD: [&str; 9] =
    ["plain", "two words", "new\nline", "$HOME", "'q' \"q\" `id`", "-rf", "*", "caf\u{e9} \u{1f980}", "back\\slash"];

pub(super) async fn check<S: BackendSession>(suite: &mut Suite<'_, impl Runner, S>) {
    suite.check("a file that is written is read back, whatever it is called", odd_names).await;
    suite.check("a file is replaced whole, with any bytes", replaced).await;
    suite.check("commands see the file that was written", seen).await;
    suite.check("a file that is not there, or none, is the person's error", absent).await;
    suite.check("a file that cannot be written is the person's error", unwritable).await;
    suite
        .check("a file can be left for later", |session, directory| async move {
            write(&*session, &format!("{directory}/{KEPT}"), KEPT.as_bytes()).await
        })
        .await;
}

async fn write(session: &impl BackendSession, path: &str, data: &[u8]) -> Held {
    session.write_file(path, data.to_vec()).await.map_err(|error| format!("{path:?}: {}", error.message))
}

async fn reads(session: &impl BackendSession, path: &str, expected: &[u8]) -> Held {
    let read = Collected::default();
    session.read_file(path, read.output()).await.map_err(|error| format!("{path:?}: {}", error.message))?;
    let found = read.bytes();
    if found == expected { Ok(()) } else { Err(format!("{path:?}: {} bytes came back, or other ones", found.len())) }
}

async fn odd_names<S: BackendSession>(session: Arc<S>, directory: String) -> Held {
    for name in ODD {
        let path = format!("{directory}/{name}");
        write(&*session, &path, name.as_bytes()).await?;
        reads(&*session, &path, name.as_bytes()).await?;
    }
    Ok(())
}

async fn replaced<S: BackendSession>(session: Arc<S>, directory: String) -> Held {
    let (path, all) = (format!("{directory}/replaced"), bytes());
    for data in [&all[..], &all[..1], &[], &all[7..]] {
        write(&*session, &path, data).await?;
        reads(&*session, &path, data).await?;
    }
    Ok(())
}

async fn seen<S: BackendSession>(session: Arc<S>, directory: String) -> Held {
    let (path, all) = (format!("{directory}/seen by commands"), bytes());
    write(&*session, &path, &all).await?;
    let (_, output) = ends(&*session, sh(CAT, [path]), Channel::empty()).await?;
    if output == all { Ok(()) } else { Err(format!("{} bytes came back, or other ones", output.len())) }
}

async fn absent<S: BackendSession>(session: Arc<S>, directory: String) -> Held {
    for path in [format!("{directory}/no such file"), directory] {
        fault(session.read_file(&path, Collected::default().output()).await)?;
    }
    Ok(())
}

async fn unwritable<S: BackendSession>(session: Arc<S>, directory: String) -> Held {
    fault(session.write_file(&directory, b"x".to_vec()).await)
}

fn fault(result: Result<()>) -> Held {
    match result {
        Err(error) => same(&error.code, &ErrorCode::USER),
        Ok(()) => Err("it was taken for a file".to_owned()),
    }
}
