//! Stories: single queries through the installed program, with the model that runs commands and with scripts.

use hermes_tests::hermes::{Hermes, run, run_with, text};

#[test]
fn a_fresh_install_runs_a_command() {
    let hermes = Hermes::new();
    let ran = run(hermes.command(&["chat", "-q", "uname -s"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Linux\n"), "{ran:?}");
}

#[test]
fn a_pipe_is_one_query() {
    let hermes = Hermes::new();
    let ran = run_with(hermes.command(&[]), "cd /\necho \"in $PWD\"\n");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "in /\n"), "{ran:?}");
    let ran = run_with(hermes.command(&[]), "");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("the query is empty"), "{ran:?}");
}

#[test]
fn a_single_query_is_not_asked_about_and_a_refusal_is_1() {
    let hermes = Hermes::new();
    let victim = hermes.victim();
    let ran = run(hermes.command(&["-q", &format!("rm -r {}", text(&victim))]));
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.starts_with("BLOCKED: It needs approval (recursive delete"), "{ran:?}");
    assert!(victim.exists());
}

#[test]
fn yolo_does_not_lift_the_floor() {
    let hermes = Hermes::new();
    for command in ["rm -rf /", "rm -rf ~", "rm --recursive /etc", "mkfs.ext4 /dev/sda", "shutdown now", "kill -9 -1"] {
        let ran = run(hermes.harmless(&["--yolo", "-q", command]));
        assert!(ran.out.starts_with("BLOCKED (hardline): "), "{command}: {ran:?}");
        assert_eq!(ran.code, Some(1));
    }
    assert_eq!(hermes.marks(), "");
    let ran = run(hermes.harmless(&["--yolo", "-q", "rm -r nothing-here"]));
    assert_eq!((ran.code, hermes.marks().as_str()), (Some(0), "rm -r nothing-here\n"), "{ran:?}");
}

#[test]
fn without_the_command_rules_nothing_runs() {
    let hermes = Hermes::new().configured("plugins: {disabled: [scanner-commands]}\n");
    let ran = run(hermes.command(&["-q", "echo hello"]));
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("scanner-commands") && !ran.out.contains("hello"), "{ran:?}");
}

#[test]
fn a_scripted_model_makes_five_calls_with_a_process_in_the_background() {
    let hermes = Hermes::new().scripted(
        "
- text: I start it.
  tool_calls: [{name: terminal, arguments: {command: 'echo begun; sleep 0.2; echo ready', background: true}}]
- expect: {last_contains: proc-1}
  tool_calls: [{name: terminal, arguments: {command: 'export COLOUR=blue; cd /'}}]
- expect: {last_contains: 'exit code 0'}
  tool_calls: [{name: terminal, arguments: {command: 'echo $COLOUR $PWD'}}]
- expect: {last_contains: blue /}
  tool_calls: [{name: process, arguments: {action: wait, process_id: proc-1}}]
- expect: {last_contains: ready}
  tool_calls: [{name: process, arguments: {action: list}}]
- expect: {last_contains: proc-1}
  text: It is ready.
",
        "",
    );
    let ran = run(hermes.command(&["chat", "-q", "start it"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "It is ready.\n"), "{ran:?}");
}

#[test]
fn a_model_that_gets_calls_wrong_is_told() {
    let hermes = Hermes::new().scripted(
        "
- tool_calls: [{name: terminal, raw: '{\"command\": '}]
- expect: {last_contains: not JSON}
  tool_calls: [{name: terminal, raw: '[]'}, {name: terminal, id: same, raw: '7'}, {name: terminal, id: same}]
- expect: {last_contains: '\"command\" is a required property'}
  tool_calls: [{name: terminal, arguments: {command: 1, timeout: soon}}]
- expect: {last_contains: 'is not of type \"string\"'}
  tool_calls: [{name: shell, arguments: {command: ls}}]
- expect: {last_contains: 'There is no tool `shell`. The tools are: clarify, read_file, write_file, patch, search_files, memory, session_search, terminal, process, todo, web_extract, vision_analyze'}
  text: I give up.
",
        "",
    );
    let ran = run(hermes.command(&["-q", "try"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "I give up.\n"), "{ran:?}");
}

#[test]
fn a_model_that_never_ends_is_ended() {
    let script = "- {repeat: 100000, tool_calls: [{name: process, arguments: {action: list}}]}\n";
    let hermes = Hermes::new().scripted(script, "agent: {max_rounds: 5}\n");
    let ran = run(hermes.command(&["-q", "loop"]));
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.out, "Stopped after 5 rounds without an answer (`agent.max_rounds`)\n");
    assert_eq!(ran.err.matches("process list").count(), 5, "{}", ran.err);
}

#[test]
fn a_model_that_is_busy_is_asked_again_and_one_that_fails_is_the_final_error() {
    let hermes = Hermes::new().scripted(
        "
- {text: half of, error: {code: unavailable, message: Too many requests, retry_after_ms: 10}}
- {text: A whole answer.}
- {error: {code: config, message: The key is wrong}}
",
        "",
    );
    let ran = run(hermes.command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "A whole answer.\n"), "{ran:?}");
    assert!(ran.err.contains("Too many requests; trying again in 0.01 s (1 of 4)"), "{ran:?}");
    let hermes = Hermes::new().scripted("- {error: {code: config, message: The key is wrong}}\n", "");
    let ran = run(hermes.command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), "error: The key is wrong\n"), "{ran:?}");
}

#[test]
fn a_script_that_is_wrong_is_named_by_file_and_line() {
    let hermes = Hermes::new().scripted("- text: a\n- txt: b\n", "");
    let ran = run(hermes.command(&["-q", "hello"]));
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("script.yaml`") && ran.err.contains("unknown field `txt`"), "{ran:?}");
    assert!(ran.err.contains("line 2"), "{ran:?}");
}

#[test]
fn secrets_are_hidden_in_answers_and_activities() {
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let hermes = Hermes::new().scripted(
        &format!(
            "
- tool_calls: [{{name: terminal, arguments: {{command: 'true {token}'}}}}]
- text: 'The token is {token}, they say.'
"
        ),
        "",
    );
    let ran = run(hermes.command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "The token is [REDACTED], they say.\n"), "{ran:?}");
    assert!(ran.err.contains("true [REDACTED]") && !ran.err.contains(token), "{ran:?}");
    let mut terminal = hermes_tests::terminal::Terminal::open(&hermes, &["-q", "hello"]);
    let seen = terminal.until("they say.\n");
    assert!(seen.contains("The token is [REDACTED], they say.\n"), "{seen}");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn control_characters_of_a_model_do_not_reach_the_terminal() {
    let hermes = Hermes::new().scripted("- {text: \"a\\e[2Jb\\ac\"}\n", "");
    let ran = run(hermes.command(&["-q", "hello"]));
    assert_eq!(ran.out, "a\\x1b[2Jb\\x07c\n");
}

#[test]
fn an_interrupted_query_is_130() {
    let hermes = Hermes::new().scripted("- {text: \"Let me think.\\n\", hang: true}\n", "");
    let mut terminal = hermes_tests::terminal::Terminal::open(&hermes, &["-q", "hello"]);
    terminal.until("Let me think.");
    terminal.keys(hermes_tests::terminal::CTRL_C);
    assert_eq!(terminal.end(), 130);
}
