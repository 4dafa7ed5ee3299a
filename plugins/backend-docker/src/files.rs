//! Reads and writes files as a command in the container would: with its user and its mounts.

use hermes_plugin_api::backend::ExecRequest;

/// Prints a file. Opening a pipe would wait for its writer, for ever.
const READ: &str = r#"[ -f "$1" ] || { if [ -e "$1" ]; then echo 'not a regular file' >&2; else echo 'no such file' >&2; fi; exit 66; }
exec cat -- "$1""#;

/// Puts its input in a file's place, keeping the mode; a link stays, and what it leads to is replaced.
const WRITE: &str = r#"path=$1
if [ -L "$path" ]; then path=$(readlink -f -- "$path" && echo x) || exit 66; path=${path%?x}; fi
[ ! -e "$path" ] || [ -f "$path" ] || { echo 'not a regular file' >&2; exit 66; }
new=$path.$2.tmp
set -C
: >"$new" || exit 66
set +C
if [ -e "$path" ]; then chmod "$(stat -c %a -- "$path")" "$new" || { rm -f -- "$new"; exit 66; }; fi
cat >"$new" && mv -f -- "$new" "$path" || { rm -f -- "$new"; exit 66; }"#;

/// The request that reads a file.
pub(crate) fn read(path: &str) -> ExecRequest {
    request(READ, [path.to_owned()])
}

/// The request that writes one; `id` names what is there meanwhile.
pub(crate) fn write(path: &str, id: &str) -> ExecRequest {
    request(WRITE, [path.to_owned(), id.to_owned()])
}

fn request<const N: usize>(script: &str, args: [String; N]) -> ExecRequest {
    let argv = ["sh", "-c", script, "sh"].map(str::to_owned).into_iter().chain(args);
    ExecRequest { argv: argv.collect(), ..ExecRequest::default() }
}
