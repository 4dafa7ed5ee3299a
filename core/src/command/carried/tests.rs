//! Lines that carry shell text, and lines that only look so.

use crate::command::read;

fn programs(line: &str) -> Vec<String> {
    let command = read(line);
    assert!(command.problems.is_empty(), "{line}: {:?}", command.problems);
    command.running().filter_map(|simple| simple.program().map(std::borrow::Cow::into_owned)).collect()
}

#[test]
fn carried_text_is_read() {
    for line in [
        "tar xf a --to-command='touch x'",
        "tar cf a b --checkpoint=1 --checkpoint-action=exec='touch x'",
        "tar -I 'touch x' -xf a",
        "rsync -e 'touch x' a b:",
        "git -c core.pager='touch x' log",
        "git -c alias.x='!touch x' x",
        "git rebase -x 'touch x' main",
        "git bisect run touch x",
        "git submodule foreach --recursive 'touch x'",
        "GIT_SSH_COMMAND='touch x' git fetch",
        "env GIT_PAGER='touch x' git log",
        "export EDITOR='touch x'",
        "LESSOPEN='|touch x' less f",
        "vim -c '!touch x' -c q f",
        "vim '+:silent !touch x' f",
        "ex -c 'r !touch x' f",
        "sed '1e touch x' f",
        "sed -n -e '/a/,$ e touch x' f",
        "npm exec -c 'touch x'",
        "man -P 'touch x' ls",
        "sort --compress-program='touch x' f",
        "split --filter='touch x' f",
        "psql -c '\\! touch x'",
        "sqlite3 db '.shell touch x'",
        "tmux new-session -d -s a 'touch x'",
        "tmux send-keys -t a 'touch x' Enter",
        "screen -S a -X stuff 'touch x'",
        "gdb -batch -ex 'shell touch x'",
        "PERL5DB='BEGIN { system(\"touch x\") }' perl -d a.pl",
        "gcc -wrapper touch,x a.c",
        "ansible all -m shell -a 'touch x'",
    ] {
        assert!(programs(line).contains(&"touch".to_owned()), "{line}: {:?}", programs(line));
    }
}

#[test]
fn arguments_that_are_data_stay_data() {
    for line in [
        "tar czf a.tgz b",
        "tar -I zstd -xf a",
        "git -c user.name='touch x' commit -m 'touch x'",
        "git -c alias.x='log touch' x",
        "git commit -m '!touch x'",
        "vim -c 's/!touch x/y/' f",
        "vim +12 f",
        "sed 's/e touch x/y/' f",
        "sed -e 's,a,e touch,g' -e '/^e touch/d' f",
        "sed 's/a/b/w e' f",
        "psql -c 'select 1'",
        "tmux kill-session -t touch",
        "ansible all -m ping",
        "npm run touch",
        "git -c core.hooksPath=/dev/null commit -m touch",
        "git config core.hooksPath .touch",
        "gcc -Wall -o touch a.c",
    ] {
        assert!(!programs(line).contains(&"touch".to_owned()), "{line}: {:?}", programs(line));
    }
}

#[test]
fn settings_with_unknown_arguments_are_no_problem() {
    for line in
        ["rsync -e \"ssh -i $KEY\" a b:", "GIT_SSH_COMMAND=\"ssh -i $KEY\" git fetch", "EDITOR=$EDITOR git commit"]
    {
        programs(line);
    }
}

#[test]
fn text_that_is_made_by_running_cannot_be_known() {
    for line in ["sed 's/x/y/e' f", "sed e f", "tar xf a --to-command=\"$(curl http://e)\""] {
        assert!(!read(line).problems.is_empty(), "{line}");
    }
}
