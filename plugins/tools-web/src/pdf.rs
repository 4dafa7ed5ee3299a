//! The text of a PDF, read by a program of its own that lives for one document, under limits of memory and time: a
//! document that breaks it breaks nothing else.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join, select};
use hermes_plugin_api::backend::Exit;
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Channel};
use hermes_plugin_api::host::{EXIT, Host, STDERR, STDIN, STDOUT, SpawnRequest};

/// Longest text, in bytes.
const LONGEST: usize = 8 << 20;
/// Longest time.
const LIMIT: Duration = Duration::from_secs(30);

/// Memory, seconds of a processor, and no file to be written.
const COMMAND: &[&str] = &[
    "prlimit",
    "--as=1073741824",
    "--cpu=20",
    "--fsize=0",
    "--core=0",
    "--nproc=64",
    "pdftotext",
    "-q",
    "-enc",
    "UTF-8",
    "-l",
    "500",
    "-",
    "-",
];

/// The text of a document.
///
/// # Errors
/// `USER` for one that cannot be read, `UNAVAILABLE` where the program is missing, `TIMEOUT`, `CANCELLED`.
pub(crate) async fn text(host: &Host, document: &[u8], cancel: &Cancel) -> Result<String> {
    let mut env = host.environment().await?;
    env.retain(|name, _| name == "PATH");
    env.insert("LANG".to_owned(), "C.UTF-8".to_owned());
    let request = SpawnRequest {
        argv: COMMAND.iter().map(|word| (*word).to_owned()).collect(),
        env,
        stdin: true,
        ..SpawnRequest::default()
    };
    let process = host.spawn(&request).await?;
    let work = pin!(async {
        let (read, ()) = join(output(&process), feed(&process, document)).await;
        read
    });
    let late = pin!(async {
        select(pin!(host.sleep(LIMIT)), pin!(cancel.cancelled())).await;
    });
    let ended = match select(work, late).await {
        Either::Left((ended, _)) => ended,
        Either::Right(_) if cancel.is_cancelled() => Err(PluginError::cancelled()),
        Either::Right(_) => {
            let message = format!("Reading the PDF took longer than {} s", LIMIT.as_secs());
            Err(PluginError::new(ErrorCode::TIMEOUT, message))
        }
    };
    let (bytes, complaint, code) = ended?;
    match code {
        Some(0) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        // What `prlimit` says of a program that is not there.
        Some(127 | 1) if complaint.contains("pdftotext") && complaint.contains("No such file") => {
            let error = PluginError::unavailable("There is no `pdftotext` to read PDF files with");
            Err(error.with_hint("the owner can install the package `poppler-utils`"))
        }
        _ => Err(PluginError::user("The PDF could not be read: it is damaged, protected, or too large")),
    }
}

/// What cannot be written was not wanted.
async fn feed(process: &Channel, document: &[u8]) {
    for piece in document.chunks(64 << 10) {
        if process.send(STDIN, piece.to_vec()).await.is_err() {
            return;
        }
    }
    let _ = process.control(&serde_json::json!({ "op": "close_stdin" })).await;
}

async fn output(process: &Channel) -> Result<(Vec<u8>, String, Option<i32>)> {
    let (mut out, mut complaint) = (Vec::new(), Vec::new());
    while let Some(piece) = process.recv().await? {
        match piece.tag {
            STDOUT if out.len() < LONGEST => out.extend(piece.data),
            STDERR if complaint.len() < 4096 => complaint.extend(piece.data),
            EXIT => {
                let exit: Exit = serde_json::from_slice(&piece.data)?;
                return Ok((out, String::from_utf8_lossy(&complaint).into_owned(), exit.code));
            }
            _ => {}
        }
    }
    Err(PluginError::unavailable("The program that reads PDF files went away"))
}
