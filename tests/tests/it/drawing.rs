//! Stories: what a person sees of an answer, on terminals wide and narrow, able and not.

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::terminal::{CTRL_C, Terminal};

const SIGN: &str = "❯ ";

/// An answer with everything that is drawn.
const ANSWER: &str = r#"
- text: |
    ## Result

    It **works**: `cargo test` says so, and 漢字 too, at any width there is.

    ```rust
    fn main() { println!("hi"); }
    ```

    | file | lines |
    |------|------:|
    | a.rs |    12 |

    - done with \e[2J care
"#;

/// What is on the screen after the answer.
fn seen(size: (u16, u16)) -> (String, String) {
    let hermes = Hermes::new().scripted(ANSWER, "");
    let mut terminal = Terminal::able(&hermes, &[], size);
    terminal.until(SIGN);
    terminal.keys("go\r");
    terminal.until("\x1b[1mResult");
    let raw = terminal.until("care\n");
    let shown = terminal.sees("the sign", |screen| screen.lines().last().is_some_and(|line| line.starts_with('❯')));
    (shown, raw)
}

#[test]
fn an_answer_is_drawn_at_every_width_and_never_redrawn() {
    for (columns, works) in [
        (40, "It works: cargo test says so, and 漢字\ntoo, at any width there is.\n"),
        (80, "It works: cargo test says so, and 漢字 too, at any width there is.\n"),
        (160, "It works: cargo test says so, and 漢字 too, at any width there is.\n"),
    ] {
        let (shown, raw) = seen((30, columns));
        assert!(shown.contains(works), "{columns}:\n{shown}");
        assert!(shown.contains("  ── rust\n  fn main() { println!(\"hi\"); }\n"), "{columns}:\n{shown}");
        assert!(shown.contains("│ a.rs ┆    12 │"), "{columns}:\n{shown}");
        assert!(shown.contains("• done with \\e[2J care"), "{columns}:\n{shown}");
        let moves = raw
            .split("\x1b[")
            .skip(1)
            .filter(|rest| !rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'));
        assert_eq!(moves.count(), 0, "nothing but colours: {raw:?}");
        assert!(raw.contains("\x1b[36mfn\x1b[0m"), "{raw:?}");
    }
}

#[test]
fn what_was_held_back_is_drawn_when_an_answer_is_cut() {
    let hermes = Hermes::new().scripted(
        "- {text: 'Now we look at many words more than are held back, **this and', hang: true}\n- {text: again}\n",
        "",
    );
    let mut terminal = Terminal::able(&hermes, &[], (24, 80));
    terminal.until(SIGN);
    terminal.keys("go\r");
    terminal.until("Now");
    terminal.keys(CTRL_C);
    terminal.until("[Interrupted]");
    terminal.sees("the whole answer", |screen| screen.contains("back, **this and\n\n[Interrupted]"));
}

#[test]
fn pipes_and_dumb_terminals_get_the_answer_as_it_is() {
    let hermes = Hermes::new().scripted(ANSWER, "");
    let ran = run(hermes.command(&["-q", "go"]));
    assert!(ran.out.starts_with("## Result\n\nIt **works**: `cargo test`") && !ran.out.contains('\x1b'), "{ran:?}");
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line("go");
    terminal.until("```rust\nfn main() { println!(\"hi\"); }\n```\n");
    terminal.until("| a.rs |    12 |\n");
}
