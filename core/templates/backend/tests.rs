//! What a session does with a command.

use hermes_plugin_api::harness::{Collected, block_on};
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

#[test]
fn a_command_is_answered() {
    let output = Collected::default();
    let exit = block_on(async {
        let session = Echo.open(SessionSpec::default()).await?;
        let request = ExecRequest {
            argv: vec!["echo".into(), "hello".into()],
            ..ExecRequest::default()
        };
        session
            .exec(request, Channel::empty(), output.output(), Cancel::never())
            .await
    });
    assert_eq!(exit.map(Exit::shell_code), Ok(0));
    assert_eq!(output.bytes(), b"echo hello\n");
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Backend, "{{name}}"));
}
