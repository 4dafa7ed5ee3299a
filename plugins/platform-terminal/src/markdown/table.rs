//! A table, drawn once all its rows are there. One that is not, or is too large, is left as it was written.

use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};

use crate::markdown::flow::Flow;
use crate::markdown::ink::Ink;
use crate::markdown::inline::Inline;

/// Most rows that are waited for.
const ROWS: usize = 300;
/// Most bytes that are waited for.
const BYTES: usize = 32 * 1024;
/// Most columns.
const COLUMNS: usize = 32;

/// The rows so far.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<String>,
    bytes: usize,
    /// This is none: its rows are not waited for.
    broken: bool,
}

impl Table {
    /// Takes a row.
    ///
    /// # Errors
    /// The lines that are to be drawn as they are.
    pub(super) fn row(&mut self, line: String) -> Result<(), Vec<String>> {
        self.bytes += line.len();
        self.rows.push(line);
        let is_none = self.rows.len() == 2 && alignments(&self.rows[1]).is_none();
        self.broken |= is_none || self.bytes > BYTES || self.rows.len() > ROWS;
        match self.broken {
            true => Err(std::mem::take(&mut self.rows)),
            false => Ok(()),
        }
    }

    /// The table is over. Returns how it looks.
    ///
    /// # Errors
    /// The lines that are to be drawn as they are.
    pub(super) fn end(&mut self, coloured: bool, columns: usize) -> Result<String, Vec<String>> {
        let Self { rows, .. } = std::mem::take(self);
        let Some(alignments) = rows.get(1).and_then(|row| alignments(row)) else {
            return if rows.is_empty() { Ok(String::new()) } else { Err(rows) };
        };
        let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(row)).collect();
        // Each column takes three.
        let most = cells.iter().map(Vec::len).max().unwrap_or_default();
        if most > COLUMNS || most * 5 + 1 > columns {
            return Err(rows);
        }
        Ok(draw(&cells, &alignments, coloured, columns))
    }
}

fn draw(cells: &[Vec<String>], alignments: &[CellAlignment], coloured: bool, columns: usize) -> String {
    let text = |cells: &[String]| cells.iter().map(|cell| if coloured { shown(cell) } else { cell.clone() }).collect();
    let texts: Vec<Vec<String>> = cells.iter().map(|cells| text(cells)).collect();
    let mut grid = Grid::new();
    grid.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    grid.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    grid.set_header(&texts[0]);
    grid.add_rows(&texts[2..]);
    for (column, alignment) in grid.column_iter_mut().zip(alignments) {
        column.set_cell_alignment(*alignment);
    }
    let mut drawn = String::new();
    let mut ink = if coloured { Ink::BOLD } else { Ink::PLAIN };
    for (number, line) in grid.lines().enumerate() {
        if number > 0 && line.starts_with('╞') {
            ink = Ink::PLAIN;
        }
        let is_border = !line.starts_with('│');
        drawn.push_str(&if is_border && coloured { Ink::DIM.paint(&line) } else { ink.paint(&line) });
        drawn.push('\n');
    }
    drawn
}

/// What is read of a cell.
fn shown(cell: &str) -> String {
    let mut flow = Flow::default();
    flow.set_columns(usize::MAX);
    Inline::plain(cell, &mut flow);
    flow.end_word();
    flow.take()
}

/// How the columns stand, when this is the line below the first.
fn alignments(line: &str) -> Option<Vec<CellAlignment>> {
    let alignment = |cell: &String| {
        let is_one = cell.contains('-') && cell.trim_matches(':').chars().all(|c| c == '-');
        is_one.then_some(match (cell.starts_with(':'), cell.ends_with(':')) {
            (true, true) => CellAlignment::Center,
            (false, true) => CellAlignment::Right,
            _ => CellAlignment::Left,
        })
    };
    cells(line).iter().map(alignment).collect()
}

/// The cells of a row.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in line.chars() {
        let cell = cells.last_mut().expect("there is always one");
        let is_escaped = escaped;
        escaped = c == '\\' && !is_escaped;
        match (c, is_escaped) {
            ('|', false) => cells.push(String::new()),
            ('|', true) => {
                cell.pop();
                cell.push('|');
            }
            ('\t', _) => cell.push(' '),
            _ => cell.push(c),
        }
    }
    if cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}
