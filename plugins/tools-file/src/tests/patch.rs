//! Patches: where they belong, and that hostile ones end soon.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::patch::replaced;
use crate::patch::unified::{self, Kind as LineKind};

fn diff(t: &Fixture, patch: &str) -> CallResult {
    t.call("patch", json!({ "patch": patch }))
}

#[test]
fn the_old_text_must_stand_there_once() {
    let t = Fixture::with("/w/a", "x = 1\ny = 2\nx = 1\n");
    let edit =
        |old: &str, all: bool| json!({ "path": "/w/a", "old_string": old, "new_string": "z", "replace_all": all });
    let why = t.refused("patch", edit("x = 1", false));
    assert!(why.contains("it stands in 2 places (lines 1, 3): give more lines around it"), "{why}");
    let why = t.refused("patch", edit("nothing like it", false));
    assert!(why.contains("does not stand in the file, not even with other blanks"), "{why}");
    assert!(t.done("patch", edit("x = 1", true)).starts_with("Changed `/w/a` in 2 places:\n"));
    assert_eq!(t.text("/w/a"), "z\ny = 2\nz\n");
    assert!(t.refused("patch", json!({ "path": "/w/a" })).contains("Give either"));
    assert!(t.refused("patch", edit("z", true)).contains("are the same"));
}

#[test]
fn blanks_that_differ_are_found_and_told() {
    let text = "fn a() {\n\tif b {\n\t\tc();  \n\t}\n}\n";
    let (new, note) = replaced(text, "    if b {\n        c();\n    }", "    if d {\n    }", false).expect("fits");
    assert_eq!(new, "fn a() {\n\tif d {\n\t}\n}\n");
    assert_eq!(note, " (the indentation differed; this is what was really changed)");
    let (new, note) = replaced("a  \nb\n", "a\nb\n", "c\n", false).expect("fits");
    assert_eq!((new.as_str(), note.contains("line ends")), ("c\n", true));
    let (new, _) = replaced("int  x =\t1;\nint y;\n", "int x = 1;", "int x = 2;", false).expect("fits");
    assert_eq!(new, "int x = 2;\nint y;\n");
    // Not a guess between two.
    let why = replaced("\ta\nb\n  a\n", "    a\n", "c\n", false).expect_err("ambiguous");
    assert!(why.contains("2 places (lines 1, 3)"), "{why}");
    assert!(replaced("\n\n\n", "   ", "c", false).is_err());
}

#[test]
fn line_ends_of_other_lines_stay() {
    let (new, _) = replaced("a\r\nb\r\nc\n", "b\n", "B\nBB\n", false).expect("fits");
    assert_eq!(new, "a\r\nB\r\nBB\r\nc\n");
    let (new, _) = replaced("a\nb", "b", "c", false).expect("fits");
    assert_eq!(new, "a\nc");
}

const TWO: &str = "\
diff --git a//w/a b//w/a
index 1..2 100644
--- a//w/a
+++ b//w/a
@@ -1,3 +1,3 @@ fn main
 one
-two
+zwei
 three
@@ -8,2 +8,3 @@
 eight
+acht
 nine
--- /dev/null
+++ b//w/new
@@ -0,0 +1,2 @@
+x
+y
";

#[test]
fn a_diff_changes_several_places_and_files() {
    let t = Fixture::with("/w/a", "one\ntwo\nthree\n4\n5\n6\n7\neight\nnine\n");
    let done = diff(&t, TWO);
    assert!(!done.is_error, "{}", done.joined());
    assert_eq!(t.text("/w/a"), "one\nzwei\nthree\n4\n5\n6\n7\neight\nacht\nnine\n");
    assert_eq!(t.text("/w/new"), "x\ny\n");
    assert!(diff(&t, TWO).is_error, "it does not fit twice");
}

#[test]
fn a_diff_that_fits_in_part_changes_nothing() {
    let t = Fixture::with("/w/a", "one\ntwo\nthree\n");
    let why = diff(&t, TWO);
    assert!(why.is_error && why.joined().contains("`/w/a`: hunk 2 does not stand in the file"), "{}", why.joined());
    assert_eq!((t.text("/w/a").as_str(), t.harness.file("/w/new")), ("one\ntwo\nthree\n", None));
}

#[test]
fn numbers_may_be_wrong_or_missing() {
    for head in ["@@ -100,9 +7,1 @@", "@@", "@@ @@", "@@ -2 +2 @@"] {
        let t = Fixture::with("/w/a", "a\nb\nc\n");
        let done = diff(&t, &format!("--- /w/a\n+++ /w/a\n{head}\n a\n-b\n+B\n c\n"));
        assert_eq!((done.is_error, t.text("/w/a").as_str()), (false, "a\nB\nc\n"), "{head}: {}", done.joined());
    }
    // The number chooses between places that are alike.
    let t = Fixture::with("/w/a", "x\n1\nx\n2\nx\n");
    diff(&t, "--- /w/a\n+++ /w/a\n@@ -3 +3 @@\n-x\n+y\n");
    assert_eq!(t.text("/w/a"), "x\n1\ny\n2\nx\n");
    let why = diff(&t, "--- /w/a\n+++ /w/a\n@@\n-x\n+y\n");
    assert!(why.joined().contains("2 places (lines 1, 5)"), "{}", why.joined());
}

#[test]
fn the_end_of_a_file_without_a_line_end_is_kept() {
    let t = Fixture::with("/w/a", "a\nb");
    diff(&t, "--- /w/a\n+++ /w/a\n@@ -2 +2 @@\n-b\n+c\n");
    assert_eq!(t.text("/w/a"), "a\nc");
    diff(&t, "--- /w/a\n+++ /w/a\n@@ -2 +2 @@\n-c\n\\ No newline at end of file\n+d\n");
    assert_eq!(t.text("/w/a"), "a\nd\n");
    diff(&t, "--- /w/a\n+++ /w/a\n@@ -2 +2,2 @@\n d\n+e\n\\ No newline at end of file\n");
    assert_eq!(t.text("/w/a"), "a\nd\ne");
    diff(&t, "--- /w/a\n+++ /w/a\n@@ -3,0 +4 @@\n+f\n");
    assert_eq!(t.text("/w/a"), "a\nd\ne\nf\n");
}

#[test]
fn a_removed_line_that_looks_like_a_head_is_a_line() {
    let parsed = unified::parse("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a\n+++ b\n c\n").expect("a diff");
    let kinds: Vec<_> = parsed[0].hunks[0].lines.iter().map(|line| (line.kind, line.text.as_str())).collect();
    assert_eq!(kinds, [(LineKind::Remove, "-- a"), (LineKind::Add, "++ b"), (LineKind::Context, "c")]);
}

#[test]
fn what_is_wrong_with_a_diff_is_told() {
    for (patch, why) in [
        ("hello", "No `--- ` and `+++ ` lines"),
        ("--- a/x\n+++ b/x\n", "No hunk (`@@`) for `x`"),
        ("@@ -1 +1 @@\n-a\n+b\n", "a hunk before any"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n a\n", "changes nothing"),
        ("--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", "renames `x` to `y`"),
        ("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", "deletes `x`"),
        ("--- /dev/null\n+++ b//w/a\n@@ -0,0 +1 @@\n+a\n", "there is one"),
        ("--- a//w/none\n+++ b//w/none\n@@ -1 +1 @@\n-a\n+b\n", "There is no file"),
        ("--- /w/a\n+++ /w/a\n@@\n-a\n+b\n--- /w/a\n+++ /w/a\n@@\n-a\n+b\n", "twice"),
    ] {
        let t = Fixture::with("/w/a", "a\n");
        let result = diff(&t, patch);
        assert!(result.is_error && result.joined().contains(why), "{patch}: {}", result.joined());
        assert_eq!(t.text("/w/a"), "a\n");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test measures")]
fn hostile_patches_end_soon() {
    let started = Instant::now();
    let text = "a\n".repeat(100_000);
    let block = format!("{}b\n", " a\n".repeat(50_000));
    assert!(replaced(&text, &block, "c", false).is_err());
    let _ = unified::parse(&"--- a\n+++ b\n@@ -1,9 +1,9 @@\n".repeat(50_000));
    let _ = unified::parse(&format!("--- a\n+++ b\n@@ -1,{n} +1,{n} @@\n{}", "\n".repeat(100_000), n = usize::MAX));
    let _ = unified::parse(&"@".repeat(200_000));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", " c", "", "--- x", "+++ y", "@@"]), 0..12)
        .prop_map(|lines| lines.into_iter().map(str::to_owned).collect())
}

proptest! {
    /// What another program says is the difference makes one text of the other.
    #[test]
    fn a_diff_that_was_made_is_applied(old in lines(), new in lines(), ends in any::<(bool, bool)>()) {
        let text = |lines: &[String], end: bool| {
            let text = lines.join("\n");
            if end && !lines.is_empty() { text + "\n" } else { text }
        };
        let (old, new) = (text(&old, ends.0), text(&new, ends.1));
        prop_assume!(old != new && !old.is_empty());
        let diff = similar::TextDiff::from_lines(&old, &new);
        let patch = diff.unified_diff().header("/w/a", "/w/a").to_string();
        let t = Fixture::with("/w/a", old.clone());
        let result = t.call("patch", json!({ "patch": patch }));
        prop_assert!(!result.is_error, "{}\n{patch}", result.joined());
        prop_assert_eq!(t.text("/w/a"), new, "{}", patch);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "(--- a\n|\\+\\+\\+ b\n|@@|@@ -1,2 \\+3 @@\n|[-+ \\\\]?x\n|\n|.{0,5}){0,20}") {
        let _ = unified::parse(&text);
    }
}
