//! The program run by somebody who is not root, on the machine's own engine.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use hermes_tests::docker::{self, Engine};
use hermes_tests::hermes::{Hermes, Ran, run};
use hermes_tests::person::Person;
use hermes_tests::podman;

/// The group that may use the engine.
fn group(engine: &Engine) -> u32 {
    let socket = podman::socket(engine);
    if std::fs::metadata(&socket).expect("there").gid() == 0 {
        std::os::unix::fs::chown(&socket, None, Some(64_002)).expect("given");
    }
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o660)).expect("set");
    std::fs::metadata(&socket).expect("there").gid()
}

fn exec(person: &Person, hermes: &Hermes, command: &str) -> Ran {
    run(person.runs(hermes, &["exec", "--", command], &hermes.command(&[])))
}

fn a_member_of_the_sockets_group_keeps_what_is_theirs(engine: &Engine) {
    let member = Person { uid: 64_003, gid: 64_004, group: Some(group(engine)) };
    let hermes = docker::hermes(engine, "docker_network: false\ncredential_files: [token.json]");
    std::fs::write(hermes.path("home/token.json"), "token").expect("written");
    let look = "id -u; id -g; echo mine >file; echo mine >\"$HOME/file\"; cat \"$HOME/.hermes/token.json\"; echo; \
                echo x 2>/dev/null >\"$HOME/.hermes/token.json\" || echo kept; mkdir x && rm -rf x && echo gone";
    let ran = exec(&member, &hermes, look);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "64003\n64004\ntoken\nkept\ngone\n"), "{ran:?}");
    for name in ["workspace/file", "home/file"] {
        let file = std::fs::metadata(hermes.path("home/sandboxes/docker/exec").join(name)).expect("it is here");
        assert_eq!((file.uid(), file.gid()), (64_003, 64_004), "{name}");
    }
    assert_eq!(exec(&member, &hermes, "cat file").out, "mine\n");
    let hermes = docker::hermes(engine, "docker_network: false\ncontainer_persistent: false");
    let ran = exec(&member, &hermes, "echo mine >file; echo mine >\"$HOME/file\"; cat file \"$HOME/file\"; id -u");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "mine\nmine\n64003\n"), "{ran:?}");
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
}

fn who_is_no_member_is_told_how_to_become_one(engine: &Engine) {
    group(engine);
    let stranger = Person { uid: 64_005, gid: 64_005, group: None };
    let ran = exec(&stranger, &docker::hermes(engine, ""), "true");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for said in ["No container engine answers at `unix://", "Permission denied", "hint:", "an engine of your own"] {
        assert!(ran.err.contains(said), "{said}: {ran:?}");
    }
}

on_each_engine! {
    a_member_of_the_sockets_group_keeps_what_is_theirs,
    who_is_no_member_is_told_how_to_become_one,
}
