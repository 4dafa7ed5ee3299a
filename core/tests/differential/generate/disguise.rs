//! Rewrites of a plain command that run the same: the way evasions are written. What has to run is known
//! beforehand, so that both what bash ran and what was read must be exactly that.

use super::{Generator, NAMES, PROGRAMS};

/// Words that need no quotes.
const PLAIN: &[&str] = &["x", "-rf", "/tmp/y", "y.txt", "-v", "a-b", "/"];

impl Generator {
    /// A line and what it has to run.
    pub(crate) fn evasion(&mut self) -> (String, Vec<String>) {
        let mut words = vec![self.pick(PROGRAMS).to_owned()];
        for _ in 0..1 + self.below(3) {
            words.push(self.pick(PLAIN).to_owned());
        }
        let mut line = self.rewritten(&words);
        for _ in 0..self.below(3) {
            line = self.wrapped(&line);
        }
        (line, words)
    }

    fn rewritten(&mut self, words: &[String]) -> String {
        let plain = words.join(" ");
        let name = self.pick(NAMES);
        match self.below(22) {
            0 => format!("{{{}}}", words.join(",")),
            1 => format!("IFS=,; {name}={}; ${name}", words.join(",")),
            2 => format!("{name}='{plain}'; ${name}"),
            3 => format!("{name}=({plain}); \"${{{name}[@]}}\""),
            4 => format!("set -- {plain}; \"$@\""),
            5 => format!("declare -a {name}=({plain}); ${{{name}[*]}}"),
            6 => {
                let parts: Vec<String> = plain.chars().map(|c| format!("'{c}'")).collect();
                format!("eval {}", parts.concat())
            }
            7 => format!("read -ra {name} <<< '{plain}'; ${{{name}[@]}}"),
            8 => format!("printf -v {name} '%s ' {plain}; ${name}"),
            9 => format!("declare -n nr={name}; {name}='{plain}'; $nr"),
            10 => format!("{name}='{plain}'; t={name}; ${{!t}}"),
            11 => format!("declare -A m=([k]='{plain}'); ${{m[k]}}"),
            12 => format!("{name}='Q{}'; ${{{name}//Q/}}", plain.replace(' ', "Q Q")),
            13 => format!("$(echo {plain})"),
            14 => format!("for {name} in '{plain}'; do ${name}; done"),
            15 => format!("mapfile -t {name} < <(printf '%s\\n' {plain}); \"${{{name}[@]}}\""),
            _ => {
                let words: Vec<String> =
                    words.iter().map(|word| if self.one_in(3) { word.clone() } else { self.hidden(word) }).collect();
                words.join(self.pick(&[" ", "  ", "\t", " \\\n"]))
            }
        }
    }

    /// A word that becomes this text.
    fn hidden(&mut self, text: &str) -> String {
        let at = self.below(text.len());
        let (before, after) = text.split_at(at);
        match self.below(20) {
            0 => format!("{before}''{after}"),
            1 => format!("{before}\"\"{after}"),
            2 => format!("{before}\\{after}"),
            3 => format!("{before}$@{after}"),
            4 => format!("{before}${{9}}{after}"),
            5 => format!("{before}$(:){after}"),
            6 => format!("{before}``{after}"),
            7 => format!("{before}$'\\x{:02x}'{}", text.as_bytes()[at], &after[1..]),
            8 => format!("{before}$'\\{:03o}'{}", text.as_bytes()[at], &after[1..]),
            9 => format!("$'\\u{:04x}'{}", text.as_bytes()[0], &text[1..]),
            10 => format!("$(printf '\\x{:02x}'){}", text.as_bytes()[0], &text[1..]),
            11 => format!("$(rev <<< '{}')", text.chars().rev().collect::<String>()),
            12 => format!("$(base64 -d <<< {})", base64(text.as_bytes())),
            13 => format!("$(echo {} | xxd -r -p)", hex(text.as_bytes())),
            14 => format!("$(tr a-z n-za-m <<< '{}')", rot13(text)),
            15 => format!("${{9:-{text}}}"),
            16 => format!("$(echo '{before}QQ{after}' | sed 's/QQ//')"),
            17 => format!("\"{before}\"$'{after}'"),
            18 => format!("$(printf %s%s '{before}' '{after}')"),
            _ => format!("`echo \"{text}\"`"),
        }
    }

    /// A line that runs the line.
    fn wrapped(&mut self, line: &str) -> String {
        let quoted = format!("'{}'", line.replace('\'', "'\\''"));
        match self.below(24) {
            0 => format!("eval {quoted}"),
            1 => format!("bash -c {quoted}"),
            2 => format!("bash <<< {quoted}"),
            3 => format!("echo {} | base64 -d | bash", base64(line.as_bytes())),
            4 => format!("xxd -r -p <<< {} | bash", hex(line.as_bytes())),
            5 => format!("printf '%b' '{}' | bash", bytes(line, "\\x")),
            6 => format!("eval $'{}'", bytes(line, "\\x")),
            7 => {
                let end = self.fresh();
                format!("bash <<'{end}'\n{line}\n{end}\n")
            }
            8 => format!(". <(printf '%s\\n' {quoted})"),
            9 => format!("printf '%s\\n' {quoted} > script; bash script"),
            10 if !line.contains("trap") => format!("trap {quoted} EXIT"),
            11 => format!("go() {{\n{line}\n}}\ngo"),
            12 => format!("if true; then\n{line}\nfi"),
            13 => format!("(\n{line}\n)"),
            14 => format!("code={quoted}\neval \"$code\""),
            15 => format!("echo {} | tr A-Za-z N-ZA-Mn-za-m | base64 -d | bash", rot13(&base64(line.as_bytes()))),
            16 => format!("case x in x)\n{line}\n;; esac"),
            17 => format!("{{\n{line}\n}} 2>/dev/null"),
            18 => format!("bash -c \"$(echo {} | base64 -d)\"", base64(line.as_bytes())),
            19 => format!("coproc {{\n{line}\n}}"),
            20 => format!("true && {{\n{line}\n}}"),
            21 => format!("nice env bash -c {quoted}"),
            22 => format!("printf '%s\\n' {quoted} | rev | rev | bash"),
            _ => format!("w={quoted} bash -c 'eval \"$w\"'"),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &str, before: &str) -> String {
    text.bytes().map(|byte| format!("{before}{byte:02x}")).collect()
}

fn rot13(text: &str) -> String {
    let turn = |c: char, first: u8| char::from((c as u8 - first + 13) % 26 + first);
    text.chars()
        .map(|c| match c {
            'a'..='z' => turn(c, b'a'),
            'A'..='Z' => turn(c, b'A'),
            other => other,
        })
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0usize, |all, byte| all << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = char::from(DIGITS[word >> (18 - 6 * at) & 63]);
            out.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    out
}
