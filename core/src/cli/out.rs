//! The one place in core that prints. Coloured on a terminal, plain in a pipe.

use std::io::Write as _;

use serde_json::Value;

/// Prints a line of results.
pub fn line(text: &str) {
    // A reader that has enough (`| head`) is no error.
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Prints results as they are, without a line's end.
pub fn raw(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Takes results piece by piece.
pub fn writer() -> impl std::io::Write {
    std::io::BufWriter::new(std::io::stdout().lock())
}

/// Prints a value as JSON.
pub fn json(value: &Value) {
    line(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// Prints something beside the results: a warning, progress.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints a question, after which the answer is typed on the same line.
pub fn prompt(text: &str) {
    let mut stderr = anstream::stderr();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

/// Prints the one final error.
pub fn error(text: &str) {
    note(text);
}

/// Prints a table.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(header.to_vec()).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for row in table.lines() {
        line(row.trim_end());
    }
}
