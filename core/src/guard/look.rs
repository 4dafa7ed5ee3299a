//! Looking at files for tools: which may be read, and the fixed scripts that find out what is there.
//!
//! Reading is never asked about: a file that holds secrets is refused, any other is read. The scripts change
//! nothing; what differs between two runs of one is an argument, and is never read as shell.

use std::path::Path;

use super::Guard;
use super::judge::{Judgement, Ruling};
use super::protect::Protected;
use super::refusal::{Kind, Refusal};
use super::request::{Caller, CommandRequest};
use super::witness::{Authorized, Look, Read};
use super::write::has_dots;
use hermes_plugin_api::command::Command;
use hermes_plugin_api::flow::Cancel;

/// A fixed script, which changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Tells what is at the path `$1`: path with links resolved, kind, length, mode, version, each ended by NUL.
    Stat,
    /// Lists the files below the folder `$1`, paths ended by NUL. With a second argument also what is hidden.
    List,
}

impl Script {
    /// The script's text.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Stat => {
                r#"p=$(readlink -f -- "$1" && echo .) || { printf 'missing\0'; exit 0; }
p=${p%??}
if [ ! -e "$p" ]; then printf 'absent\0%s\0' "$p"; exit 0; fi
printf 'there\0%s\0' "$p"; stat -c '%f %s %i:%s:%y' -- "$p""#
            }
            Self::List => {
                r#"cd -P -- "$1" || exit; if [ $# -gt 1 ]; then exec find . -name .git -prune -o -type f -print0
else exec find . ! -name . -name '.*' ! -name .gitignore -prune -o -type f -print0; fi"#
            }
        }
    }
}

impl Guard {
    /// Decides about reading a file: a path that is absolute, with links resolved. Refusals are written down.
    ///
    /// # Errors
    /// Why it is not read.
    pub async fn authorize_read(&self, path: &str, caller: Caller<'_>) -> Result<Authorized<Read>, Refusal> {
        let Some(why) = self.unreadable(path, caller) else {
            let [path, backend, session] = [path, caller.backend, caller.session].map(str::to_owned);
            return Ok(Authorized::mint(Read { path, backend, session }));
        };
        let text = format!("read {path}");
        let request = CommandRequest { text: &text, cwd: &caller.facts.cwd, caller };
        let judgement = Judgement {
            command: Command { text: text.clone(), ..Command::default() },
            findings: Vec::new(),
            ruling: Ruling::Refuse(Kind::Forbidden, why.clone()),
            passed_over: Vec::new(),
        };
        self.conclude(&request, &judgement, &Cancel::never()).await?;
        Err(Refusal::new(Kind::Forbidden, why))
    }

    /// Whether a file that was met on the way through a folder may be read. A no is not written down.
    #[must_use]
    pub fn may_read(&self, path: &str, caller: Caller<'_>) -> bool {
        self.unreadable(path, caller).is_none()
    }

    /// Allows a script of our own.
    pub fn authorize_look(&self, script: Script, caller: Caller<'_>) -> Authorized<Look> {
        let [backend, session] = [caller.backend, caller.session].map(str::to_owned);
        Authorized::mint(Look { script, backend, session })
    }

    fn unreadable(&self, path: &str, caller: Caller<'_>) -> Option<String> {
        if !path.starts_with('/') || has_dots(path) {
            return Some(format!("The path `{path}` is not absolute and plain"));
        }
        let protected = Protected::new(&self.policy.home, Path::new(&caller.facts.home), &self.policy.bundled);
        let class = protected.classify_read(Path::new(path))?;
        Some(format!("`{path}` holds secrets ({}), and tools do not read those", class.describe()))
    }
}

#[cfg(test)]
mod tests;
