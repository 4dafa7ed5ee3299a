//! What a command writes to its output, where that can be computed from its arguments and its input. Must
//! never guess: what is not sure is unknown.

mod decode;
mod print;
mod sed;

use super::env::{Space, Value};
use super::run::{Reader, Scope};
use super::text::{self, Text};
use hermes_plugin_api::command::Word;

/// What a command writes.
#[derive(Debug)]
pub(super) enum Output {
    Text(Text),
    Unknown,
    /// The commands that it runs write it.
    Elsewhere,
}

/// Whether a program never reads its standard input.
pub(super) fn ignores_input(program: &str) -> bool {
    matches!(
        program,
        "echo" | "printf" | "true" | "false" | ":" | "cd" | "pwd" | "sleep" | "date" | "ls" | "mkdir" | "rm" | "touch"
    )
}

/// Computes the output of a program.
pub(super) fn output(reader: &mut Reader, program: &str, words: &[Word], scope: &Scope) -> Output {
    let arguments = &words[1..];
    let computed = match program {
        "echo" => Some(print::echo(arguments)),
        "printf" => reader.printf(arguments),
        "cat" | "tee" | "head" | "tail" | "sort" | "uniq" | "base64" | "base32" | "rev" | "tr" | "xxd" | "sed"
        | "tac" | "cut" | "gunzip" | "zcat" | "gzip" | "openssl" | "iconv" | "dd" | "od" | "hexdump" | "basenc" => {
            reader.filter(program, arguments, scope)
        }
        _ => None,
    };
    match computed {
        Some(text) => {
            reader.charge(text::len(&text));
            Output::Text(text)
        }
        None => Output::Unknown,
    }
}

impl Reader {
    /// Programs that turn input into output.
    fn filter(&mut self, program: &str, arguments: &[Word], scope: &Scope) -> Option<Text> {
        if program == "tee" {
            let input = self.input_text(scope);
            let append = arguments
                .iter()
                .any(|word| text::known(&word.pieces).is_some_and(|word| word.starts_with("-a") || word == "--append"));
            for word in arguments {
                if !text::known(&word.pieces).is_some_and(|word| word.starts_with('-')) {
                    let contents = input.clone().unwrap_or_else(|| vec![text::output_of(Vec::new())]);
                    self.write_file(word, contents, append);
                }
            }
            return input;
        }
        let (options, operands) = split_options(program, arguments)?;
        if program == "cat" {
            return self.cat(&options, &operands, scope);
        }
        if matches!(program, "tr" | "sed") || operands.is_empty() {
            let input = self.input_text(scope)?;
            let input = text::known(&input)?;
            return decode::filter(program, &options, &operands, &input)
                .map(|text| text::word(&text, Default::default()).pieces);
        }
        let [file] = &operands[..] else {
            return None;
        };
        let word = text::word(file, Default::default());
        let contents = self.file_text(&word)?;
        let input = text::known(&contents)?;
        decode::filter(program, &options, &[], &input).map(|text| text::word(&text, Default::default()).pieces)
    }

    fn cat(&mut self, options: &[String], operands: &[String], scope: &Scope) -> Option<Text> {
        if options.iter().any(|option| option != "-u") {
            return None;
        }
        if operands.is_empty() {
            return self.input_text(scope);
        }
        let mut all = Text::new();
        for operand in operands {
            let contents = match operand.as_str() {
                "-" | "/dev/stdin" => self.input_text(scope)?,
                path => self.file_text(&text::word(path, Default::default()))?,
            };
            text::push_all(&mut all, &contents);
        }
        Some(all)
    }

    /// The input of a command, with unknown pieces in it.
    fn input_text(&self, scope: &Scope) -> Option<Text> {
        let input = self.inputs.get(scope.input?)?;
        (!input.used && input.certain).then(|| input.text.clone())
    }

    fn printf(&mut self, arguments: &[Word]) -> Option<Text> {
        match arguments {
            [option, name, rest @ ..] if text::known(&option.pieces).is_some_and(|option| option == "-v") => {
                let value = print::printf(rest).map_or(Value::Unknown, Value::Text);
                let Some(name) = text::known(&name.pieces).map(|name| name.into_owned()) else {
                    self.forget_variables();
                    return Some(Text::new());
                };
                let (name, value) = match name.split_once('[') {
                    Some((array, _)) => (array, Value::Unknown),
                    None => (&*name, value),
                };
                self.env.set(Space::Variable, name, value);
                Some(Text::new())
            }
            _ => print::printf(arguments),
        }
    }
}

/// Options and operands, all known; `None` where one is not.
fn split_options(program: &str, arguments: &[Word]) -> Option<(Vec<String>, Vec<String>)> {
    let with_value: &[&str] = match program {
        "head" | "tail" => &["-n", "-c"],
        "base64" | "base32" => &["-w"],
        "cut" => &["-d", "-f", "-c", "-b"],
        "sed" => &["-e"],
        _ => &[],
    };
    let mut options = Vec::new();
    let mut operands = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let known = text::known(&word.pieces)?.into_owned();
        if known.len() > 1 && known.starts_with('-') && operands.is_empty() {
            let takes = with_value.contains(&&*known);
            options.push(known);
            if takes {
                options.push(text::known(&rest.next()?.pieces)?.into_owned());
            }
        } else {
            operands.push(known);
        }
    }
    Some((options, operands))
}
