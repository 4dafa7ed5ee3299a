//! Stories: commands run in instances of a real Apptainer.

use std::process::Stdio;

use hermes_tests::apptainer::{self, command, image, instances, is_root, ordinary};
use hermes_tests::hermes::{Ran, run, text};

fn exec(command: &str) -> Vec<&str> {
    ["exec", "--backend", "singularity", "--"].into_iter().chain([command]).collect()
}

fn is(ran: &Ran, code: i32, out: &str) {
    assert_eq!((ran.code, ran.out.as_str()), (Some(code), out), "{ran:?}");
}

#[test]
fn commands_run_in_it_and_nothing_is_left() {
    let Some(image) = image() else { return };
    let hermes = apptainer::hermes(&image, "");
    let look = "pwd; echo \"$HOME\"; echo err >&2; ls /work 2>/dev/null; grep -c : /proc/net/dev; exit 7";
    is(&run(command(&hermes, &exec(look))), 7, "/workspace\n/root\nerr\n1\n");
    assert_eq!(instances(&hermes), 0);
}

#[test]
fn the_root_of_this_machine_is_held_by_no_container_so_the_guard_checks() {
    let Some(image) = image() else { return };
    if !is_root() {
        return;
    }
    let hermes = apptainer::hermes(&image, "");
    let ran = run(command(&hermes, &exec("rm -r /workspace/x")));
    assert!(ran.code == Some(126) && ran.err.contains("hermes: denied:"), "{ran:?}");
    let predict = ["check", "--backend", "singularity", "--json", "--", "rm -r /workspace/x"];
    let predicted = run(command(&hermes, &predict));
    assert!(predicted.code == Some(3) && predicted.out.contains("Predicted: you can change this"), "{predicted:?}");
    let predicted = run(ordinary(&hermes, &predict));
    assert!(predicted.code == Some(0) && predicted.out.contains("Predicted from the settings"), "{predicted:?}");
}

#[test]
fn for_everybody_else_it_is_a_boundary_where_denied_commands_stay_denied() {
    let Some(image) = image() else { return };
    let hermes = apptainer::hermes(&image, "approvals:\n  deny: ['touch /workspace/no*']\n");
    let make = "mkdir -p /workspace/x; rm -rf /workspace/x; ls /workspace";
    is(&run(ordinary(&hermes, &exec(make))), 0, "");
    let ran = run(ordinary(&hermes, &exec("touch /workspace/no")));
    assert!(ran.code == Some(126) && ran.err.contains("hermes: denied:"), "{ran:?}");
    let log = run(ordinary(&hermes, &["audit", "list", "--json"])).out;
    assert!(log.contains("the backend is a boundary: Commands run in a container without a network"), "{log}");
}

#[test]
fn with_the_network_of_this_machine_it_is_none() {
    let Some(image) = image() else { return };
    let hermes = apptainer::hermes(&image, "  singularity_network: true\n");
    let ran = run(ordinary(&hermes, &exec("rm -rf /workspace/x")));
    assert!(ran.code == Some(126) && ran.err.contains("hermes: denied:"), "{ran:?}");
    let predicted = run(ordinary(&hermes, &["check", "--backend", "singularity", "--", "rm -rf /workspace/x"]));
    assert_eq!(predicted.code, Some(3), "{predicted:?}");
}

#[test]
fn limits_hold_where_the_machine_has_them() {
    let Some(image) = image() else { return };
    if !is_root() {
        return;
    }
    let hermes = apptainer::hermes(&image, "  container_memory: 64\n");
    let many = "n=0; while [ $n -lt 400 ]; do sleep 20 & n=$((n + 1)); done 2>&1 | grep -m1 -o 'Resource temporarily unavailable'";
    let ran = run(command(&hermes, &exec(many)));
    assert!(ran.out.contains("Resource temporarily unavailable"), "{ran:?}");
    let ran = run(command(&hermes, &exec("head -c 200000000 /dev/zero | tail | wc -c")));
    assert_ne!(ran.out.trim(), "200000000", "{ran:?}");
}

#[test]
fn of_this_environment_it_sees_what_is_passed_and_of_files_what_is_named_to_be_read() {
    let Some(image) = image() else { return };
    let more = "  env_passthrough: [MINE]\n  credential_files: [token.json, absent.json]\n";
    let hermes = apptainer::hermes(&image, more);
    std::fs::write(hermes.path("home/token.json"), "for you").expect("written");
    let look = "echo \"$OTHER|$MINE|$USER_PATH\"; cat /root/.hermes/token.json; echo; \
                echo bad 2>/dev/null >/root/.hermes/token.json || echo kept";
    let mut command = command(&hermes, &exec(look));
    command.env("OTHER", "not for it").env("MINE", "for it");
    is(&run(command), 0, "|for it|\nfor you\nkept\n");
    assert_eq!(std::fs::read_to_string(hermes.path("home/token.json")).expect("read"), "for you");
    let outside = apptainer::hermes(&image, "  credential_files: [../work/x]\n");
    let ran = run(apptainer::command(&outside, &exec("true")));
    assert!(ran.code == Some(1) && ran.err.contains("terminal.credential_files"), "{ran:?}");
}

#[test]
fn what_is_missing_is_said_with_the_way_out() {
    let Some(image) = image() else { return };
    let hermes = apptainer::hermes(&image, "");
    let mut without = hermes.command(&exec("true"));
    std::fs::create_dir(hermes.path("empty")).expect("made");
    without.env("PATH", hermes.path("empty"));
    let ran = run(without);
    let told = ["Neither `apptainer` nor `singularity` can be run", "hint: install Apptainer"];
    assert!(ran.code == Some(1) && told.iter().all(|told| ran.err.contains(told)), "{ran:?}");
    let broken = hermes.path("work/broken.sif");
    std::fs::write(&broken, "no image").expect("written");
    for (value, said) in [
        ("/no/such.sif", "There is no image `/no/such.sif`"),
        (text(&broken), "No instance can be started:"),
        ("--bind=/:/x", "which is no image"),
        ("docker-archive:///no/such.tar", "No image can be built from `docker-archive:///no/such.tar`"),
    ] {
        let mut command = command(&hermes, &exec("true"));
        command.env("HERMES_TERMINAL_SINGULARITY_IMAGE", value);
        let ran = run(command);
        assert!(ran.code == Some(1) && ran.err.contains(said) && ran.err.contains("hint: "), "{value}: {ran:?}");
    }
}

#[test]
fn an_instance_whose_owner_was_killed_is_ended_by_the_next() {
    let Some(image) = image() else { return };
    let hermes = apptainer::hermes(&image, "");
    let mut first = command(&hermes, &exec("echo begun; sleep 60"));
    let mut child = first.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    let mut begun = [0; 6];
    std::io::Read::read_exact(&mut child.stdout.take().expect("piped"), &mut begun).expect("read");
    child.kill().expect("killed");
    let _ = child.wait();
    assert_eq!(instances(&hermes), 1);
    is(&run(command(&hermes, &exec("echo next"))), 0, "next\n");
    assert_eq!(instances(&hermes), 0);
}

#[test]
fn commands_that_begin_at_once_share_one_instance() {
    let Some(image) = image() else { return };
    let hermes = apptainer::hermes(&image, "");
    let begin = |n: i32| {
        let mut command = command(&hermes, &exec("sleep 1; echo done"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        (n, command.spawn().expect("started"))
    };
    let children: Vec<_> = (0..4).map(begin).collect();
    for (n, child) in children {
        let output = child.wait_with_output().expect("waited for");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{n}: {output:?}");
    }
    assert_eq!(instances(&hermes), 0);
}

#[test]
fn the_suite_of_backends_passes() {
    let Some(image) = image() else { return };
    let hermes = apptainer::hermes(&image, "");
    let plugin = hermes.program().parent().expect("bin").with_file_name("lib/hermes/plugins/backend-singularity");
    let mut command = ordinary(&hermes, &["plugins", "test", text(&plugin)]);
    command.env("HERMES_TERMINAL_SINGULARITY_IMAGE", &image);
    let ran = run(command);
    assert!(ran.code == Some(0) && ran.out.contains(" 0 failed") && !ran.out.contains("skip"), "{ran:?}");
}
