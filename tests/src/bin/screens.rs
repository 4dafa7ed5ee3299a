//! Takes the pictures of `docs/screens`: `HERMES_TEST_PREFIX=target/prefix screens docs/screens`, after
//! `cargo xtask install --prefix target/prefix`.
//!
//! The program runs on a terminal, keys are typed, and what stands on the screen then is drawn as it is. Nothing is
//! made up, and nothing is retouched.
#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::path::Path;

use hermes_tests::hermes::Hermes;
use hermes_tests::terminal::Terminal;
use vt100::{Cell, Color, Screen};

/// The sixteen colours, in shades that can be read on both.
const COLOURS: [&str; 16] = [
    "#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4", "#6e7681", "#ffa198",
    "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff",
];
const PAPER: &str = "#0d1117";
const INK: &str = "#e6edf3";
/// The size of a cell, in points.
const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 14.0;

const ANSWER: &str = r#"
- delay_ms: 100
  text: |
    ## Two ways to read a file

    For **small** files, `read_to_string` is enough:

    ```rust
    use std::fs;

    /// Counts the lines of a file.
    fn lines(path: &str) -> std::io::Result<usize> {
        let text = fs::read_to_string(path)?; // all at once
        Ok(text.lines().count())
    }
    ```

    | way              | memory    | when          |
    |------------------|-----------|---------------|
    | `read_to_string` | the file  | it is small   |
    | `BufReader`      | *8 KiB*   | it may be big |

    - errors come back with `?`
    - 漢字 and emoji 🎉 take the two columns they need
"#;

const WORK: &str = r#"
- text: I look at the test first.
  tool_calls: [{name: terminal, arguments: {command: 'sh test.sh'}}]
- text: The sum is off by one.
  tool_calls: [{name: patch, arguments: {path: sum.sh, old_string: 'n=1', new_string: 'n=0'}}]
- tool_calls: [{name: terminal, arguments: {command: 'sh test.sh'}}]
- text: Fixed, and `test.sh` passes.
"#;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "docs/screens".to_owned());
    let pictures =
        [("prompt", prompt()), ("danger", danger()), ("answer", answer(80)), ("narrow", answer(44)), ("work", work())];
    for (name, picture) in pictures {
        std::fs::write(Path::new(&folder).join(format!("{name}.svg")), picture)?;
    }
    Ok(())
}

/// The first prompt of a new home.
fn prompt() -> String {
    let hermes = Hermes::new();
    let mut terminal = Terminal::able(&hermes, &[], (13, 80));
    ready(&terminal);
    terminal.keys("uname -s\r");
    terminal.until("Linux\n");
    ready(&terminal);
    terminal.keys("/re\t");
    terminal.sees("what Tab offers", |screen| screen.contains("resume") && screen.contains("retry"));
    terminal.look(svg)
}

/// A dangerous command.
fn danger() -> String {
    let hermes = Hermes::new();
    std::fs::create_dir(hermes.path("work/old-project")).expect("made");
    let mut terminal = Terminal::able(&hermes, &[], (10, 80));
    ready(&terminal);
    terminal.keys("rm -r old-project\r");
    terminal.until("Choice [o/s/a/D]: ");
    terminal.look(svg)
}

/// An answer in Markdown.
fn answer(columns: u16) -> String {
    let hermes = Hermes::new().scripted(ANSWER, "");
    let mut terminal = Terminal::able(&hermes, &[], (34, columns));
    ready(&terminal);
    terminal.keys("How do I count the lines of a file?\r");
    terminal.until("they need");
    ready(&terminal);
    terminal.look(svg)
}

/// Tools at work, with a change to a file.
fn work() -> String {
    let hermes = Hermes::new().scripted(WORK, "");
    std::fs::write(hermes.path("work/sum.sh"), "n=1\nfor i in 1 2 3; do\n  n=$((n + i))\ndone\n").expect("written");
    let test = ". ./sum.sh\nsleep 1\n[ $n = 6 ] && echo passed || { echo \"n is $n, not 6\"; exit 1; }\n";
    std::fs::write(hermes.path("work/test.sh"), test).expect("written");
    let mut terminal = Terminal::able(&hermes, &[], (26, 80));
    ready(&terminal);
    terminal.keys("The test fails. Fix it.\r");
    terminal.until("passes.");
    ready(&terminal);
    terminal.look(svg)
}

fn ready(terminal: &Terminal) {
    terminal.sees("the sign", |screen| screen.lines().last().is_some_and(|line| line.starts_with('❯')));
}

/// The screen as a picture.
fn svg(screen: &Screen) -> String {
    let columns = screen.size().1.get();
    let used = screen.contents().trim_end().lines().count();
    let size = (f32::from(columns) * CELL.0 + 2.0 * MARGIN, used as f32 * CELL.1 + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}\" height=\"{:.0}\" font-size=\"14\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n",
        size.0, size.1
    );
    for row in 0..u16::try_from(used).unwrap_or(u16::MAX) {
        line(screen, row, columns, &mut svg);
    }
    svg.push_str("</svg>\n");
    svg
}

/// One line, in runs that look the same.
fn line(screen: &Screen, row: u16, columns: u16, svg: &mut String) {
    let mut column = 0;
    while column < columns {
        let Some(look) = screen.cell(row, column).map(look) else { break };
        let begin = column;
        let mut text = String::new();
        while let Some(cell) = screen.cell(row, column).filter(|cell| self::look(cell) == look) {
            // What is wide stands alone, so that no font moves what follows.
            if cell.is_wide() && !text.is_empty() {
                break;
            }
            text.push_str(if cell.has_contents() { cell.contents() } else { " " });
            column += if cell.is_wide() { 2 } else { 1 };
            if cell.is_wide() {
                break;
            }
        }
        let whole = text.chars().count();
        if !text.trim().is_empty() {
            let (x, y) = (MARGIN + f32::from(begin) * CELL.0, MARGIN + (f32::from(row) + 0.75) * CELL.1);
            let text = text.trim_end();
            let blanks = u16::try_from(whole - text.chars().count()).unwrap_or_default();
            let width = f32::from(column - begin - blanks) * CELL.0;
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{width:.1}\"{look}>{text}</text>");
        }
    }
}

/// How a cell looks, as attributes.
fn look(cell: &Cell) -> String {
    let fill = match cell.fgcolor() {
        Color::Default => INK.to_owned(),
        Color::Idx(index) => COLOURS[usize::from(index) % COLOURS.len()].to_owned(),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    };
    let mut look = format!(" fill=\"{fill}\"");
    for (is, attribute) in [
        (cell.bold(), " font-weight=\"bold\""),
        (cell.dim(), " opacity=\"0.6\""),
        (cell.italic(), " font-style=\"italic\""),
        (cell.underline(), " text-decoration=\"underline\""),
    ] {
        if is {
            look.push_str(attribute);
        }
    }
    look
}
