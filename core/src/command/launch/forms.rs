//! Launchers whose command stands somewhere among their own arguments: package runners, containers, terminals.

use super::{after_dashes, launcher, options};
use crate::command::launchers::Spec;
use crate::command::run::{Reader, Scope};
use crate::command::text;
use hermes_plugin_api::command::{How, Word};

/// Sub-commands of package managers that run a package's program under any other name.
const MANAGES: &[&str] = &[
    "access",
    "add",
    "audit",
    "autoclean",
    "bin",
    "c",
    "cache",
    "config",
    "create",
    "deploy",
    "dedupe",
    "env",
    "fetch",
    "global",
    "help",
    "i",
    "import",
    "info",
    "init",
    "install",
    "install-test",
    "it",
    "licenses",
    "link",
    "list",
    "ln",
    "login",
    "logout",
    "ls",
    "npm",
    "outdated",
    "owner",
    "pack",
    "patch",
    "plugin",
    "prune",
    "publish",
    "rb",
    "rebuild",
    "recursive",
    "remove",
    "restart",
    "rm",
    "root",
    "run",
    "run-script",
    "search",
    "server",
    "set",
    "setup",
    "start",
    "stop",
    "store",
    "t",
    "tag",
    "team",
    "test",
    "un",
    "uninstall",
    "unlink",
    "up",
    "update",
    "upgrade",
    "upgrade-interactive",
    "version",
    "versions",
    "why",
    "workspace",
    "workspaces",
];

impl Reader {
    /// `npx rimraf@5 dist`: the program has the package's name.
    pub(super) fn launch_package(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        let Some((package, arguments)) = options.rest.split_first() else {
            return;
        };
        let name = text::known(&package.pieces);
        if spec.verbs.is_empty()
            && matches!(program, "pnpm" | "yarn")
            && name.as_deref().is_none_or(|name| MANAGES.contains(&name))
        {
            return;
        }
        let mut inner =
            vec![name.map_or_else(|| package.clone(), |name| text::word(without_version(&name), package.span))];
        inner.extend_from_slice(arguments);
        self.inner(index, inner, launcher(program, How::Words), scope);
    }

    /// `kubectl exec POD -- COMMAND …`, `kubectl exec POD COMMAND …`.
    pub(super) fn launch_dashes(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let dashes = words.iter().position(|word| text::known(&word.pieces).as_deref() == Some("--"));
        let rest = match dashes {
            Some(at) => &words[at + 1..],
            None => {
                let operands = options(&words[1..], spec).rest;
                options(operands.get(spec.operands..).unwrap_or_default(), spec).rest
            }
        };
        self.inner(index, rest.to_vec(), launcher(program, How::Words), scope);
    }

    /// `xterm -e COMMAND …`, `gdb --args COMMAND …`. A single word may be shell text.
    pub(super) fn launch_after(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let marks = |word: &Word| text::known(&word.pieces).is_some_and(|word| spec.long.contains(&&*word));
        let Some(at) = words.iter().skip(1).position(marks) else {
            return;
        };
        match &words[at + 2..] {
            [only] if text::known(&only.pieces).is_some_and(|text| text.contains([' ', ';', '|', '&'])) => {
                self.local_text(index, std::slice::from_ref(only), program, scope);
            }
            rest => self.inner(index, rest.to_vec(), launcher(program, How::Words), scope),
        }
    }

    /// `start-stop-daemon --start --exec PROGRAM -- ARGUMENT …`, `flatpak run --command=PROGRAM APP ARGUMENT …`.
    pub(super) fn launch_named(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        if spec.verbs.is_empty() && !options.has(&["S", "start"]) {
            return;
        }
        if let Some(named) = options.value(&["startas", "a", "exec", "x", "command"]) {
            let mut inner = vec![named.clone()];
            inner.extend_from_slice(options.rest.get(spec.operands..).unwrap_or_default());
            self.inner(index, inner, launcher(program, How::Words), scope);
        }
    }

    /// `capsh -- -c TEXT`: a shell gets what follows.
    pub(super) fn launch_shell_arguments(
        &mut self,
        index: usize,
        spec: &Spec,
        program: &str,
        words: &[Word],
        scope: &Scope,
    ) {
        let marks = |word: &Word| text::known(&word.pieces).is_some_and(|word| spec.long.contains(&&*word));
        if let Some(at) = words.iter().position(marks) {
            let mut inner = vec![text::word("bash", words[at].span)];
            inner.extend_from_slice(&words[at + 1..]);
            self.inner(index, inner, launcher(program, How::Words), scope);
        }
    }

    /// `hyperfine TEXT …`: each operand is run.
    pub(super) fn launch_texts(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let mut rest = &words[1..];
        loop {
            let options = options(rest, spec);
            let Some((text, after)) = options.rest.split_first() else {
                return;
            };
            self.local_text(index, std::slice::from_ref(text), program, scope);
            rest = after;
        }
    }

    /// `docker exec -it NAME COMMAND …`, `docker run --entrypoint PROGRAM IMAGE ARGUMENT …`.
    pub(super) fn launch_container(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        let mut inner: Vec<Word> = options.value(&["entrypoint"]).cloned().into_iter().collect();
        inner.extend_from_slice(after_dashes(options.rest.get(spec.operands..).unwrap_or_default()));
        self.inner(index, inner, launcher(program, How::Words), scope);
    }
}

/// `@scope/name@version` is run as `name`.
fn without_version(package: &str) -> &str {
    let name = package.rsplit('/').next().unwrap_or(package);
    name.split('@').find(|part| !part.is_empty()).unwrap_or(name)
}
