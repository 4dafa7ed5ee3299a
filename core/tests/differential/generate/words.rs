//! Words: literals in all their disguises, and expansions.

use super::{Generator, NAMES};

/// Plain words.
const BARE: &[&str] = &["x", "-rf", "/tmp/y", "y.txt", "-v", "2", "a-b", "k=v", "x,y", "@", "+z", "%s"];
/// Words as they may stand in a line.
const ODD: &[&str] = &[
    "''",
    "\"\"",
    "'a b'",
    "\"a  b\"",
    "a\\ b",
    "$'t\\tb'",
    "$'\\x41\\102'",
    "*",
    "?x",
    "[ab]",
    "~",
    "~/z",
    "a~",
    "\\*",
    "'*'",
    "\\\\",
    "{a,b}",
    "{1..3}",
    "x{,y}z",
    "{a,b}{c,d}",
    "{x}",
    "\"{a,b}\"",
    "#x",
    "a#b",
    "\\#",
    "!",
    "a=b",
    "{}",
    "\"$\"",
    "a\"b\"'c'\\d",
    "\"a\\\"b\"",
    "\"a\\$b\"",
    "\"a\\nb\"",
    "'a\nb'",
    "\"a\\\nb\"",
    "=",
    "]",
    "a]",
    "'\\'",
    "$'\\''",
    "{a,'b c'}",
    "a{b,$a}c",
    "{a..c}",
    "{2..-1}",
    "{01..03}",
    "\"'\"",
    "'\"'",
    "%",
    "^",
    "\\~",
    "~x",
    "a:~",
    "{a,b",
    "a,b}",
    "{,}",
    "{a,{b,c}}",
];
const EXPANSIONS: &[&str] = &[
    "$a",
    "${a}",
    "\"$a\"",
    "${a:-d}",
    "${a-d}",
    "${a:+e}",
    "${a+e}",
    "\"${a:-d e}\"",
    "${a:-'d e'}",
    "${a:-\"d e\"}",
    "${a:=f}",
    "${#a}",
    "${a#x}",
    "${a##*/}",
    "${a%y}",
    "${a%%.*}",
    "${a/x/q}",
    "${a//[xy]/q}",
    "${a:1}",
    "${a:0:2}",
    "${a: -1}",
    "${!v}",
    "${a^^}",
    "${a,,}",
    "${a^}",
    "$b$a",
    "\"$b $a\"",
    "$a'x'",
    "x$a",
    "\"x${b}y\"",
    "$((1+2))",
    "$((2*3-1))",
    "$((n+1))",
    "$((1<2?7:8))",
    "$[3+4]",
    "$#",
    "$@",
    "\"$@\"",
    "$*",
    "\"$*\"",
    "$1",
    "${1:-w}",
    "\"${@:1}\"",
    "${a/#x/q}",
    "${a/%y/q}",
    "$HOME",
    "~/$a",
    "\"$HOME/x\"",
    "${HOME}",
    "$?x",
    "${unset-u}",
    "${unset}",
    "\"$unset\"",
    "$IFS",
    "x${IFS}y",
    "\"x${IFS}y\"",
    "${a:-$b}",
    "${a:-${b:-g}}",
    "\"${a:-\"$b\"}\"",
    "$a*",
    "\"$a\"*",
    "${a//x}",
    "${b:+\"$b\"}",
    "${a:-{p,q}}",
    "${a#\"x\"}",
    "${c}${v}",
];

impl Generator {
    /// A word that means itself.
    pub(super) fn bare(&mut self) -> &'static str {
        self.pick(BARE)
    }

    pub(super) fn word(&mut self) -> String {
        match self.below(12) {
            0..=3 => self.bare().to_owned(),
            4 | 5 => self.pick(ODD).to_owned(),
            6 | 7 => self.pick(EXPANSIONS).to_owned(),
            8 => self.substitution(),
            9 => format!("{}{}", self.pick(EXPANSIONS), self.pick(ODD)),
            10 => format!("{}{}", self.pick(ODD), self.bare()),
            _ => {
                let bare = self.bare();
                self.disguise(bare)
            }
        }
    }

    fn substitution(&mut self) -> String {
        let depth = self.depth;
        if depth == 0 {
            return self.pick(&["$(echo s)", "`echo s t`", "\"$(echo s  t)\"", "$(printf %s u)"]).to_owned();
        }
        self.depth = 0;
        let inner = self.simple();
        let (first, second) = (self.bare(), self.bare());
        let word = match self.below(7) {
            0 => format!("$({inner})"),
            1 => format!("\"$(echo {first} {second})\""),
            2 => format!("$(echo {first} {second})"),
            3 => format!("`echo {first}`"),
            4 => format!("$(printf '%s-%s' {first} {second})"),
            5 => format!("$({inner}; echo {first})"),
            _ => "$(echo \"$a\" \"${b}\")".to_owned(),
        };
        self.depth = depth;
        word
    }

    /// A program's name, mostly as it is.
    pub(super) fn disguised_program(&mut self) -> String {
        let program = self.program();
        if self.one_in(3) { self.disguise(program) } else { program.to_owned() }
    }

    /// Text that becomes `text` when bash has expanded it.
    fn disguise(&mut self, text: &str) -> String {
        let (first, rest) = text.split_at(1);
        match self.below(18) {
            0 => format!("'{text}'"),
            1 => format!("\"{text}\""),
            2 => format!("{first}''{rest}"),
            3 => format!("{first}\"\"{rest}"),
            4 => format!("\\{text}"),
            5 => format!("$'{}'", text.bytes().map(|b| format!("\\x{b:02x}")).collect::<String>()),
            6 => format!("$(echo {text})"),
            7 => format!("`echo '{text}'`"),
            8 => format!("{first}$@{rest}"),
            9 => format!("{first}\\\n{rest}"),
            10 => format!("$(printf %s {text})"),
            11 => format!("${{unset:-{text}}}"),
            12 => format!("$\"{text}\""),
            13 => format!("$(echo {} | rev)", text.chars().rev().collect::<String>()),
            14 => format!("${{unset:+z}}{text}"),
            15 => format!("{first}$(:){rest}"),
            16 => {
                let name = self.pick(NAMES);
                format!("${{{name}:+}}{text}")
            }
            _ => format!("\"{first}\"'{rest}'"),
        }
    }
}
