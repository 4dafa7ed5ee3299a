//! Work grows linearly: counted in steps of the reader, not in time.

use crate::command::{launchers, read_view};

/// A shape that is repeated `n` times.
type Family = (&'static str, fn(usize) -> String);

const FAMILIES: &[Family] = &[
    ("( opened", |n| "( ".repeat(n)),
    ("{ opened", |n| "{ ".repeat(n)),
    ("$( opened", |n| "$(".repeat(n)),
    ("` opened", |n| "`a ".repeat(n)),
    ("$(( opened", |n| "$((".repeat(n)),
    ("(( opened", |n| "((".repeat(n)),
    ("${a:- opened", |n| "${a:-".repeat(n)),
    ("[[ ( opened", |n| format!("[[ {}", "( ".repeat(n))),
    ("case opened", |n| "case x in x) ".repeat(n)),
    ("if opened", |n| "if ".repeat(n)),
    ("while opened", |n| "while ".repeat(n)),
    ("for opened", |n| "for x in y; do ".repeat(n)),
    ("function opened", |n| "f() { ".repeat(n)),
    ("<( opened", |n| "a <(".repeat(n)),
    ("@( opened", |n| format!("a {}", "@(".repeat(n))),
    ("a[ opened", |n| "a[".repeat(n)),
    ("a[ ;", |n| "a[ ;".repeat(n)),
    ("\" opened", |n| "\"".repeat(n)),
    ("$' opened", |n| "$'a".repeat(n)),
    ("semicolons", |n| ";".repeat(n)),
    ("commands", |n| "a;".repeat(n)),
    ("lines", |n| "a b\n".repeat(n)),
    ("pipes", |n| format!("a{}", "|a".repeat(n))),
    ("ands", |n| format!("a{}", "&&a=1".repeat(n))),
    ("ors", |n| format!("a{}", "||a=1".repeat(n))),
    ("nots", |n| "! ".repeat(n)),
    ("redirects", |n| format!("a {}", ">b ".repeat(n))),
    ("group redirects", |n| format!("{{ {} }} {}", "a;".repeat(n.min(4000)), ">b ".repeat(n))),
    ("here-documents", |n| format!("a {}", "<<E ".repeat(n))),
    ("here-documents closed", |n| "a <<E\n$x\nE\n".repeat(n)),
    ("here-strings", |n| "a <<<b;".repeat(n)),
    ("words", |n| "a ".repeat(n)),
    ("long word", |n| "a".repeat(n)),
    ("quoted words", |n| "'a' \"b\" $'c' \\d ".repeat(n)),
    ("variables", |n| "$a ".repeat(n)),
    ("one word of variables", |n| "$a".repeat(n)),
    ("assignments", |n| "a=b ".repeat(n)),
    ("growing value", |n| format!("a=b;{}", "a=$a;".repeat(n))),
    ("doubling", |n| format!("a=b;{}", "a=$a$a;".repeat(n))),
    ("appending", |n| "a+=bbbbbbbb;".repeat(n)),
    ("array", |n| format!("a=({})", "b ".repeat(n))),
    ("array uses", |n| format!("a=({});{}", "b ".repeat(n), "${a[@]};".repeat(n))),
    ("braces flat", |n| format!("a {{{}}}", "b,".repeat(n))),
    ("braces product", |n| format!("a {}", "{b,c}".repeat(n))),
    ("braces nested", |n| format!("a {}b{}", "{c,".repeat(n), "}".repeat(n))),
    ("braces opened", |n| format!("a {}", "{b,".repeat(n))),
    ("brace ranges", |n| format!("a {}", "{1..99999}".repeat(n))),
    ("globs", |n| format!("a {}", "[*?".repeat(n))),
    ("globs closed", |n| format!("a {}", "[a]*?".repeat(n))),
    ("functions", |n| "f(){ a; };".repeat(n)),
    ("functions that double", |n| {
        (0..n).map(|i| format!("f{i}(){{ f{};f{}; }};", i + 1, i + 1)).collect::<String>() + "f0"
    }),
    ("calls", |n| format!("f(){{ a;b; }};{}", "f;".repeat(n))),
    ("aliases", |n| "alias a=b;a;".repeat(n)),
    ("sudo", |n| "sudo ".repeat(n) + "a"),
    ("env", |n| "env A=b ".repeat(n) + "a"),
    ("xargs", |n| "xargs ".repeat(n) + "a"),
    ("eval", |n| "eval ".repeat(n) + "a"),
    ("eval of itself", |n| format!("a='eval \"$a\"';{}", "eval \"$a\";".repeat(n))),
    ("find", |n| format!("find {}", "-exec a {} \\; ".repeat(n))),
    ("choices", |n| "${a:-b} ".repeat(n)),
    ("conditional values", |n| format!("{}$a", "if x; then a=b; fi;".repeat(n))),
    ("loops", |n| "for a in 1 2 3 4; do b $a; done;".repeat(n)),
    ("while loops", |n| "while a; do b=c; done;".repeat(n)),
    ("groups in a pipe", |n| format!("{{ {} }} | {{ {} }}", "a;".repeat(n), "b;".repeat(n))),
    ("files", |n| "echo a >> f; sh f;".repeat(n)),
    ("echo to sh", |n| "echo a | sh;".repeat(n)),
    ("tests", |n| "[[ a ]];".repeat(n)),
    ("arithmetic", |n| format!("(({}1))", "1+".repeat(n))),
    ("arithmetic signs", |n| format!("(({}1))", "-".repeat(n))),
    ("arithmetic parentheses", |n| format!("(({}1{}))", "(".repeat(n), ")".repeat(n))),
    ("strip", |n| format!("a={}; ${{a%%*x*x*x*y}} ${{a//b*b/c}}", "b".repeat(n))),
    ("strips", |n| format!("a=bbbbbbbb;{}", "${a%%*b*c};".repeat(n))),
    ("comments", |n| "# a\n".repeat(n)),
    ("continuations", |n| "\\\n".repeat(n)),
    ("holes", |n| format!("eval \"{}\"", "$a ".repeat(n))),
    ("backslashes", |n| "\\".repeat(n)),
    ("dollars", |n| "$".repeat(n)),
    ("hashes", |n| "a#".repeat(n)),
    ("wide", |n| "é｀".repeat(n)),
    ("printf", |n| format!("printf '{}' | sh", "%s".repeat(n))),
    ("xargs items", |n| format!("echo {} | xargs -n1 a", "b ".repeat(n))),
    ("positional", |n| format!("set -- {};{}", "a ".repeat(n), "shift;".repeat(n))),
];

/// Steps that any text may take, and those for each byte more.
const ALLOWED: usize = 700_000;
const PER_BYTE: usize = 40;

#[test]
fn work_grows_linearly() {
    for (name, make) in FAMILIES {
        for n in [1usize, 20, 500, 4_000, 64_000] {
            let mut text = make(n);
            text.truncate(text.floor_char_boundary(128 * 1024));
            let steps = read_view(&text).steps;
            assert!(steps <= ALLOWED + PER_BYTE * text.len(), "{name} × {n}: {steps} steps for {} bytes", text.len());
        }
    }
}

/// A launcher takes what stands before its command one time, however many words that is.
#[test]
fn words_of_launchers_are_gone_over_once() {
    for program in launchers::programs() {
        for unit in [format!("{program} "), format!("{program} a "), format!("{program} -- -x a ")] {
            let text = unit.repeat(16 * 1024 / unit.len());
            let line = format!("{program} {}", "a ".repeat(8 * 1024));
            for text in [text, line] {
                let steps = read_view(&text).steps;
                assert!(steps <= ALLOWED + PER_BYTE * text.len(), "{unit}: {steps} steps for {} bytes", text.len());
            }
        }
    }
}

/// Every construct that can hold a command, and so itself: what opens and what closes it, and how deep it is tried.
/// Where it takes two constructs to hold one of its own kind, eight times.
const NESTS: &[(&str, &str, usize)] = &[
    ("( ", " )", 12),
    ("{ ", "; }", 12),
    ("if ", "; then :; fi", 12),
    ("if :; then ", "; fi", 12),
    ("if :; then :; elif :; then ", "; fi", 12),
    ("if :; then :; else ", "; fi", 12),
    ("while ", "; do :; done", 12),
    ("while :; do ", "; done", 12),
    ("until ", "; do :; done", 12),
    ("until :; do ", "; done", 12),
    ("for x in y; do ", "; done", 12),
    ("for x in $(", "); do :; done", 8),
    ("for ((;;)); do ", "; done", 12),
    ("select x in y; do ", "; done", 12),
    ("case x in x) ", ";; esac", 12),
    ("case $(", ") in x) :;; esac", 8),
    ("case x in (x) ", ";;& y) :;& esac", 12),
    ("f() { ", "; }; f", 8),
    ("function f { ", "; }; f", 8),
    ("f() ( ", " ); f", 8),
    ("coproc { ", "; }", 8),
    ("coproc c ( ", " )", 8),
    ("echo $(", ")", 12),
    ("echo $(a || ", ")", 12),
    ("echo \"$(", ")\"", 12),
    ("x=$(", ")", 12),
    ("x=($(", "))", 8),
    ("x[$(", ")]=1", 8),
    ("cat <(", ")", 12),
    ("cat > >(", ")", 8),
    ("cat <<< $(", ")", 8),
    ("echo ${x:-$(", ")}", 8),
    ("echo \"${x:=$(", ")}\"", 8),
    ("echo ${x/y/$(", ")}", 8),
    ("echo ${x:$(", "):1}", 8),
    ("echo $(( $(", ") ))", 8),
    ("(( $(", ") ))", 8),
    ("[[ $(", ") ]]", 8),
    ("[[ a && ( ! $(", ") ) ]]", 8),
    ("{ ", "; } > x", 12),
    (": && ", "", 12),
    ("! ", "", 12),
    ("time -p ", "", 12),
    ("sudo ", "", 12),
    ("env A=b ", "", 12),
    ("eval ", "", 12),
    ("xargs ", "", 12),
    ("exec ", "", 12),
    ("find . -exec ", " {} +", 12),
];

/// Those that hold no command: before, opened, closed, after.
const WORDS: &[(&str, &str, &str, &str)] = &[
    ("echo ", "${x:-", "}", ""),
    ("echo \"", "${x:-", "}", "\""),
    ("echo ", "{y,", "}", ""),
    ("echo ", "@(", ")", ""),
    ("echo ", "${x[", "]}", ""),
    ("[[ ", "( ", " )", " ]]"),
    ("((", "( ", " )", " ))"),
    ("echo $((", "( ", " )", " ))"),
    ("echo $((", "x[", "]", " ))"),
];

#[test]
fn nesting_is_read_to_twelve_levels() {
    let read = |text: &str| {
        let command = crate::command::read(text);
        let unparsable =
            command.problems.iter().any(|problem| problem.kind == hermes_plugin_api::command::ProblemKind::Unparsable);
        assert!(!unparsable, "{text}: {:?}", command.problems);
        command
    };
    for (open, close, levels) in NESTS {
        let text = format!("{}rm{}", open.repeat(*levels), close.repeat(*levels));
        assert!(read(&text).simple.iter().any(|simple| simple.is(&["rm"])), "{text}");
    }
    let documents = (0..12).fold("rm".to_owned(), |inner, n| format!("cat <<E{n}\n$({inner}\n)\nE{n}"));
    assert!(read(&documents).simple.iter().any(|simple| simple.is(&["rm"])), "{documents}");
    for (before, open, close, after) in WORDS {
        read(&format!("{before}{}y{}{after}", open.repeat(12), close.repeat(12)));
    }
}

#[test]
fn shells_in_shells_are_read() {
    let mut text = "rm x".to_owned();
    for _ in 0..5 {
        text = format!("sh -c {}", crate::command::dispatch::quoted(&text));
    }
    let command = crate::command::read(&text);
    assert_eq!(super::simples(&command).last().map(|last| last.ends_with("sh> rm x")), Some(true));
    assert!(command.problems.is_empty(), "{:?}", command.problems);
}

#[test]
fn a_function_that_defines_others_each_time_is_read_once() {
    let text = "ff(){f()A$( ~\u{0}\u{0} u,|&ff |f&\u{1}\u{0}!> \u{0}\u{0}\u{0}\u{0}&\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{8}";
    assert!(crate::command::read(text).simple.len() < 100);
}
