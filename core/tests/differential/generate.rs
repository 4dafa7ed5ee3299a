//! Generates shell lines from a grammar, the same for the same seed.

mod disguise;
mod templates;
mod words;

/// A generator of one line.
pub(crate) struct Generator {
    state: u64,
    /// What may still be nested.
    depth: usize,
    /// Functions defined so far.
    functions: Vec<String>,
    /// Names given so far: a function must not end up calling itself.
    named: usize,
    /// A here-document waits for the end of its line: its delimiter must not be joined to more text.
    bodies: Vec<String>,
}

/// Programs that the sandbox records.
const PROGRAMS: &[&str] = &["rm", "git", "ls", "foo", "bar", "curl", "chmod", "chown", "dd", "mv"];
const NAMES: &[&str] = &["a", "b", "c", "v"];

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Generator {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d,
            depth: 3,
            functions: Vec::new(),
            named: 0,
            bodies: Vec::new(),
        }
    }

    /// A whole line, sometimes of several.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        for at in 0..1 + self.below(3) {
            if at > 0 {
                line.push_str(self.pick(&["; ", "\n", " && ", " || ", ";", "\n\n", " # note\n"]));
            }
            line.push_str(&self.command());
            if !self.bodies.is_empty() {
                line.push('\n');
                line.push_str(&self.bodies.drain(..).collect::<String>());
            }
        }
        line
    }

    /// Random numbers: splitmix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'x>(&mut self, from: &[&'x str]) -> &'x str {
        from[self.below(from.len())]
    }

    fn list(&mut self) -> String {
        let mut list = self.command();
        while self.one_in(3) {
            list.push_str(self.pick(&["; ", " && ", " || ", "; "]));
            list.push_str(&self.command());
        }
        list
    }

    fn command(&mut self) -> String {
        if self.depth == 0 {
            return self.simple();
        }
        self.depth -= 1;
        let command = match self.below(64) {
            0..=13 => self.simple(),
            46..=63 => self.template(),
            14..=16 => self.assignment(),
            17 => format!("{} | {}", self.command(), self.command()),
            18 => format!("{{ {}; }}", self.list()),
            19 => format!("({})", self.list()),
            20 => self.condition(),
            21 => self.for_loop(),
            22 => self.while_loop(),
            23 => self.case(),
            24 => self.function(),
            25 => self.shell_text(),
            26 => self.flow(),
            27 => self.here_document(),
            28 => self.launcher(),
            29 => format!("eval {}", self.single_quoted_list()),
            30 => self.positional(),
            31 => self.read(),
            32 => format!("[[ -n {} ]] && {}", self.word(), self.simple()),
            33 => format!("(({} = 1 + {})); {} ${}", "n", self.below(5), self.program(), "n"),
            34 => format!("! {}", self.command()),
            35 => format!("{} > f{}; {}", self.simple(), self.below(3), self.simple()),
            36 => self.written_script(),
            37 => format!("trap {} EXIT", self.single_quoted_list()),
            38 => format!(
                "{} {}",
                self.pick(&["command", "exec", "builtin eval", "command -p --", "time"]),
                self.simple()
            ),
            39 => self.array(),
            40 => format!("export {}; sh -c '{} ${}'", self.plain_assignment(), self.program(), self.pick(NAMES)),
            41 => self.local(),
            42 => format!("{} & wait", self.simple()),
            43 => format!("IFS=:; {}={}:{}; {} ${}", "p", self.bare(), self.bare(), self.program(), "p"),
            44 => self.alias(),
            _ => format!(
                "{} {}",
                self.simple(),
                self.pick(&["2>&1", ">/dev/null", "2>/dev/null <f", ">&2", "&>g", "<<<x", "3>h"])
            ),
        };
        self.depth += 1;
        command
    }

    fn simple(&mut self) -> String {
        let mut simple = String::new();
        if self.one_in(8) {
            simple.push_str(&format!("{} ", self.plain_assignment()));
        }
        if self.one_in(12) {
            simple.push_str(self.pick(&[">f ", "<&- ", "2>g "]));
        }
        if self.one_in(10) && !self.functions.is_empty() {
            let at = self.below(self.functions.len());
            simple.push_str(&self.functions[at].clone());
        } else {
            simple.push_str(&self.disguised_program());
        }
        for _ in 0..self.below(4) {
            simple.push_str(self.pick(&[" ", " ", " ", "  ", "\t", " \\\n "]));
            simple.push_str(&self.word());
        }
        simple
    }

    fn assignment(&mut self) -> String {
        let name = self.pick(NAMES);
        match self.below(8) {
            0 => format!("{name}+={}", self.word()),
            1 => format!("{name}={} {}={}", self.word(), self.pick(NAMES), self.word()),
            2 => format!("unset {name}"),
            3 => format!("{name}={}; ${name} {}", self.program(), self.word()),
            4 => format!("{name}='{} {}'; ${name}", self.program(), self.bare()),
            5 => format!("{name}={}; {} ${{{name}}}x \"${name}\"", self.word(), self.program()),
            _ => format!("{name}={}", self.word()),
        }
    }

    fn plain_assignment(&mut self) -> String {
        format!("{}={}", self.pick(NAMES), self.bare())
    }

    fn condition(&mut self) -> String {
        match self.below(3) {
            0 => format!("if {}; then {}; fi", self.list(), self.list()),
            1 => format!("if {}; then {}; else {}; fi", self.command(), self.list(), self.list()),
            _ => format!(
                "if {}\nthen {}\nelif {}; then {}; fi",
                self.command(),
                self.list(),
                self.command(),
                self.command()
            ),
        }
    }

    fn for_loop(&mut self) -> String {
        let name = self.pick(NAMES);
        match self.below(4) {
            0 => format!("for ((i=0; i<2; i++)); do {}; done", self.list()),
            1 => format!(
                "for {name} in {} {}; do {} ${name}; {}; done",
                self.word(),
                self.word(),
                self.program(),
                self.command()
            ),
            2 => format!("set -- {} {}\nfor {name} do {} \"${name}\"; done", self.word(), self.word(), self.program()),
            _ => format!("for {name} in {{1..3}} {}; do {}; done", self.word(), self.list()),
        }
    }

    fn while_loop(&mut self) -> String {
        let name = self.pick(NAMES);
        match self.below(4) {
            0 => format!("while {}; do {}; break; done", self.command(), self.list()),
            1 => format!("until {}; do {}; break; done", self.command(), self.command()),
            2 => format!(
                "{name}=x; while [[ $#{name} != x ]]; do {}; {name}={}; ${name}; break; done",
                self.command(),
                self.program()
            ),
            _ => format!(
                "printf '%s\\n' {} {} | while read -r {name}; do {} ${name}; done",
                self.bare(),
                self.bare(),
                self.program()
            ),
        }
    }

    fn case(&mut self) -> String {
        format!(
            "case {} in {}) {};; (x|{}) {};& *) {};; esac",
            self.word(),
            self.bare(),
            self.list(),
            self.bare(),
            self.command(),
            self.command()
        )
    }

    fn function(&mut self) -> String {
        let name = self.fresh();
        let body = self.list();
        let arguments = self.pick(&["\"$@\"", "$1", "$*", "\"$2\"", "${1:-x}", "$#"]);
        let definition = match self.below(3) {
            0 => format!("function {name} {{ {body}; {} {arguments}; }}", self.program()),
            1 => format!("{name}() ( {body}; {} {arguments} )", self.program()),
            _ => format!("{name} () {{ {} {arguments}; }}", self.program()),
        };
        self.functions.push(name.clone());
        format!("{definition}; {name} {}", self.word())
    }

    fn shell_text(&mut self) -> String {
        let text = self.single_quoted_list();
        match self.below(5) {
            0 => format!("sh -c {text}"),
            1 => format!("bash -ec {text} _ {}", self.word()),
            2 => format!("bash -o pipefail -c '{} $0 $1' {} {}", self.program(), self.bare(), self.word()),
            3 => format!("sh -c \"{} {}\"", self.program(), self.bare()),
            _ => format!("env sh -c {text}"),
        }
    }

    fn flow(&mut self) -> String {
        let text = self.single_quoted_list();
        match self.below(9) {
            0 => format!("echo {text} | sh"),
            1 => format!("printf '%s\\n' {text} | bash -s {}", self.bare()),
            2 => format!("echo {text} | cat | sh -"),
            3 => format!("sh <<< {text}"),
            4 => format!("bash <(echo {text})"),
            5 => format!("echo '{} {}' | rev | rev | sh", self.program(), self.bare()),
            6 => format!("source <(printf '%s' {text})"),
            7 => format!("echo {text} | {{ sh; }}"),
            _ => format!("echo {} | tr a-z b-za | tr b-za a-z | sh", self.program()),
        }
    }

    fn here_document(&mut self) -> String {
        let body = self.simple().replace('\n', " ");
        let (operator, reader) =
            (self.pick(&["<<E", "<<'E'", "<<-E"]), self.pick(&["sh", "cat | sh", "bash -s", "cat"]));
        if self.bodies.is_empty() && !body.contains('\\') {
            self.bodies.push(format!("{body}\nE\n"));
            match reader.split_once(" | ") {
                Some((first, rest)) => format!("{first} {operator} | {rest}"),
                None => format!("{reader} {operator}"),
            }
        } else {
            self.simple()
        }
    }

    fn launcher(&mut self) -> String {
        let inner = format!("{} {} {}", self.program(), self.word(), self.bare());
        match self.below(9) {
            0 => format!("env {} {inner}", self.plain_assignment()),
            1 => format!("env -i PATH=/stand {inner}"),
            2 => format!("nohup {inner}"),
            3 => format!("nice -n 1 {inner}"),
            4 => format!("timeout -s KILL 5 {inner}"),
            5 => format!("echo {} {} | xargs {inner}", self.bare(), self.bare()),
            6 => format!("printf '%s\\n' {} {} | xargs -n 1 {inner}", self.bare(), self.bare()),
            7 => format!("echo {} | xargs -I % {inner} %", self.bare()),
            _ => format!("stdbuf -o0 setsid -w {inner}"),
        }
    }

    fn positional(&mut self) -> String {
        let uses = self.pick(&["$1", "\"$@\"", "$*", "\"$*\"", "x$@y", "${@:2}", "$2$1", "\"a$@\"", "${1}z", "$#"]);
        let shift = self.pick(&["", "; shift"]);
        format!("set -- {} {}{shift}; {} {uses}", self.word(), self.word(), self.program())
    }

    fn read(&mut self) -> String {
        let name = self.pick(NAMES);
        match self.below(3) {
            0 => format!("read -r {name} <<< '{} {}'; ${name}", self.program(), self.bare()),
            1 => format!("read {name} d <<< {}; {} ${name} $d", self.word(), self.program()),
            _ => format!("mapfile -t {name} <<< {}; {} ${name}", self.word(), self.program()),
        }
    }

    fn written_script(&mut self) -> String {
        let text = self.single_quoted_list();
        let run = self.pick(&["sh s", ". ./s", "source s", "bash ./s", "sh < s", "cat s | sh"]);
        match self.below(3) {
            0 => format!("echo {text} > s; {run}"),
            1 => format!("echo {text} >> s && {run}"),
            _ => format!("echo {text} | tee s > t; {run}"),
        }
    }

    fn array(&mut self) -> String {
        let uses = self.pick(&[
            "${r[@]}",
            "\"${r[@]}\"",
            "${r[0]}",
            "${r[1]}",
            "\"${r[*]}\"",
            "${#r[@]}",
            "$r",
            "${r[-1]}",
            "${r[@]:1}",
        ]);
        match self.below(3) {
            0 => format!("r=({} {}); {} {uses}", self.word(), self.word(), self.program()),
            1 => format!("r=({} {}); r+=({}); {uses}", self.program(), self.word(), self.bare()),
            _ => format!("r[1]={}; r[0]={}; {} {uses}", self.word(), self.bare(), self.program()),
        }
    }

    fn local(&mut self) -> String {
        let name = self.fresh();
        let (variable, program) = (self.pick(NAMES), self.program());
        let line = format!(
            "{variable}={program}; {name}() {{ local {variable}={}; {program} ${variable}; }}; {name}; ${variable} {}",
            self.word(),
            self.bare()
        );
        self.functions.push(name);
        line
    }

    fn fresh(&mut self) -> String {
        self.named += 1;
        format!("fn{}", self.named)
    }

    fn alias(&mut self) -> String {
        let (program, inner) = (self.program(), self.bare());
        format!("shopt -s expand_aliases\nalias al='{program} {inner}'\nal {}", self.word())
    }

    fn single_quoted_list(&mut self) -> String {
        let depth = std::mem::replace(&mut self.depth, 1);
        let bodies = std::mem::take(&mut self.bodies);
        let mut list = if self.one_in(2) { self.simple() } else { self.list() };
        if !self.bodies.is_empty() {
            list = self.simple();
        }
        self.bodies = bodies;
        self.depth = depth;
        format!("'{}'", list.replace('\'', "'\\''"))
    }

    fn program(&mut self) -> &'static str {
        self.pick(PROGRAMS)
    }
}
