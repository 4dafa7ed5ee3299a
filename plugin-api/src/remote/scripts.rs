//! The fixed scripts that run over there. POSIX shell, and nothing that minimal systems lack.

/// Exit codes of [`READ`]: there is no such file.
pub(super) const ABSENT: i32 = 71;
/// It is a directory, a pipe, a device.
pub(super) const IRREGULAR: i32 = 72;
/// It may not be read.
pub(super) const FORBIDDEN: i32 = 73;

/// Prints the file `$1`.
pub(super) const READ: &str =
    r#"[ -e "$1" ] || exit 71; [ -f "$1" ] || exit 72; [ -r "$1" ] || exit 73; exec cat -- "$1""#;

/// Replaces the file `$1` by `$3` bytes of input, over a temporary file whose name holds `$2`. What did not come
/// whole is thrown away.
pub(super) const WRITE: &str = r#"n='
'
t=$(readlink -f -- "$1" 2>/dev/null && echo x) && t=${t%x} && t=${t%"$n"} || t=$1
[ ! -d "$t" ] || { echo 'it is a directory'; exit 1; }
w=$t.$2.tmp
if [ -e "$t" ]; then cp -p -- "$t" "$w" || exit 1; fi
cat >"$w" && [ "$(($(wc -c <"$w")))" -eq "$3" ] && mv -f -- "$w" "$t" && exit 0
rm -f -- "$w"
exit 1"#;

/// Ends what the shell `$1` started, and all that bears the mark `$2`: TERM, one second, KILL for two. The shell
/// itself stays, to tell of the end; where it has gone, its id may be somebody else's. Processes that left on purpose are found by descent, by session, by group and,
/// where `/proc` shows it, by the mark.
pub(super) const END: &str = r#"rows() {
  if [ -r /proc/self/stat ]; then
    for s in /proc/[0-9]*/stat; do
      { IFS= read -r l <"$s"; } 2>/dev/null || continue
      i=${l%% *}; set -- ${l##*) }; echo "$i $2 $3 $4 $1"
    done
  else ps -A -o pid= -o ppid= -o pgid= -o sess= -o stat=; fi
}
own=$1 mark=$2
[ -r /proc/self/stat ] && ! grep -qs "hermes-$mark" "/proc/$own/cmdline" && own=none
members() {
  all=$(rows); found=" $own "
  for f in $(grep -ls "HERMES_PROCESS=$mark" /proc/[0-9]*/environ 2>/dev/null); do
    f=${f#/proc/}; found="$found${f%/environ} "
  done
  before=
  while [ "$before" != "$found" ]; do
    before=$found
    while read -r i p g s rest; do
      case $found in *" $i "*) continue;; esac
      case $found in *" $p "*|*" $g "*|*" $s "*) found="$found$i ";; esac
    done <<E
$all
E
  done
  alive=
  while read -r i p g s state; do
    case $state in [ZX]*) continue;; esac
    [ "$i" = "$own" ] && continue
    case $found in *" $i "*) alive="$alive $i";; esac
  done <<E
$all
E
}
pause() { sleep 0.05 2>/dev/null || sleep 1; }
members
[ "$alive" ] || exit 0
kill -s TERM $alive 2>/dev/null; kill -s CONT $alive 2>/dev/null
n=0
while [ $n -lt 20 ]; do
  pause; members; [ "$alive" ] || exit 0; n=$((n + 1))
done
n=0
while [ $n -lt 40 ]; do
  kill -s KILL $alive 2>/dev/null
  pause; members; [ "$alive" ] || exit 0; n=$((n + 1))
done
exit 1"#;
