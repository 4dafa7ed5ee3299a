//! A program of the host's, run to its end between an input and an output: what most backends do with a command.

use std::pin::pin;

use futures_util::future::{Either, join, select};
use serde_json::json;

use super::{EXIT, Host, STDIN, SpawnRequest};
use crate::backend::Exit;
use crate::error::{PluginError, Result};
use crate::flow::{Cancel, Channel, Output};

impl Host {
    /// Runs a program to its end, with its input from `input` and its output into `output` as it comes.
    ///
    /// # Cancellation
    /// When `cancel` fires, or the future is dropped, the whole process tree ends.
    ///
    /// # Errors
    /// As [`Host::spawn`]; what `output` reports. A program that ran and failed is an [`Exit`].
    pub async fn run(&self, request: &SpawnRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        let process = self.spawn(request).await?;
        let stop = async {
            cancel.cancelled().await;
            process.control(&json!({ "op": "kill" })).await
        };
        let aside = pin!(join(feed(&process, &input), stop));
        let carry = pin!(carry(&process, &output));
        match select(carry, aside).await {
            Either::Left((exit, _)) => exit,
            // The input has ended and the process was told to end: what is left is to see it do so.
            Either::Right((_, carry)) => carry.await,
        }
    }
}

/// Passes the output on until the process has ended.
async fn carry(process: &Channel, output: &Output) -> Result<Exit> {
    while let Some(piece) = process.recv().await? {
        match piece.tag {
            EXIT => return Ok(serde_json::from_slice(&piece.data)?),
            _ => output.write(piece.data).await?,
        }
    }
    Err(PluginError::unavailable("The process was lost"))
}

/// Passes the input on until its end. A process that takes no more is no error: it may end soon.
async fn feed(process: &Channel, input: &Channel) {
    while let Ok(Some(piece)) = input.recv().await {
        if process.send(STDIN, piece.data).await.is_err() {
            return;
        }
    }
    let _ = process.control(&json!({ "op": "close_stdin" })).await;
}
