//! Tools of which some sub-commands run others: containers, package runners, environments.

use super::{Form, Spec, form, words};

const ENGINE_VALUES: &[&str] = &[
    "add-host",
    "annotation",
    "as",
    "attach",
    "cap-add",
    "cap-drop",
    "cgroupns",
    "cidfile",
    "cluster",
    "config",
    "container",
    "context",
    "cpus",
    "detach-keys",
    "device",
    "dns",
    "entrypoint",
    "env",
    "env-file",
    "file",
    "gpus",
    "host",
    "hostname",
    "image",
    "index",
    "ip",
    "ipc",
    "kubeconfig",
    "label",
    "link",
    "log-driver",
    "log-level",
    "log-opt",
    "memory",
    "mount",
    "name",
    "namespace",
    "net",
    "network",
    "pid",
    "platform",
    "pod-running-timeout",
    "profile",
    "project",
    "project-directory",
    "project-name",
    "publish",
    "pull",
    "restart",
    "runtime",
    "security-opt",
    "server",
    "shm-size",
    "tmpfs",
    "token",
    "ulimit",
    "user",
    "userns",
    "volume",
    "volumes-from",
    "workdir",
];

const ENGINE_FLAGS: &[&str] = &[
    "build",
    "detach",
    "disable-content-trust",
    "help",
    "init",
    "interactive",
    "no-TTY",
    "no-deps",
    "no-healthcheck",
    "oom-kill-disable",
    "privileged",
    "publish-all",
    "quiet",
    "quiet-pull",
    "read-only",
    "remove-orphans",
    "replace",
    "rm",
    "service-ports",
    "sig-proxy",
    "stdin",
    "tls",
    "tlsverify",
    "tty",
    "use-aliases",
];

const fn engine(names: &'static [&'static str], verbs: &'static [&'static str]) -> Spec {
    form(names, "acefHhlmnpuvw", ENGINE_VALUES, Form::Container).after(1).flags(ENGINE_FLAGS).verbs(verbs)
}

const fn cluster(names: &'static [&'static str], verbs: &'static [&'static str]) -> Spec {
    form(names, "cfnlspu", ENGINE_VALUES, Form::Dashes).after(1).flags(ENGINE_FLAGS).verbs(verbs)
}

const PACKAGE_VALUES: &[&str] = &["package", "call", "workspace", "prefix", "shell", "node-options"];
const PACKAGE_FLAGS: &[&str] = &["yes", "no", "no-install", "quiet", "silent", "ignore-existing"];

const fn packages(names: &'static [&'static str]) -> Spec {
    form(names, "cpw", PACKAGE_VALUES, Form::Package).flags(PACKAGE_FLAGS)
}

pub(super) static TABLE: &[Spec] = &[
    engine(
        &["docker", "podman", "nerdctl", "finch"],
        &["exec", "run", "container exec", "container run", "compose exec", "compose run"],
    ),
    engine(&["docker-compose", "podman-compose"], &["exec", "run"]),
    engine(&["crictl", "buildah"], &["exec", "run"]),
    engine(&["ctr"], &["task exec", "tasks exec", "t exec"]),
    form(
        &["apptainer", "singularity"],
        "BHSWcop",
        &["bind", "env", "env-file", "home", "mount", "overlay", "pwd", "scratch", "security", "workdir", "network"],
        Form::Container,
    )
    .after(1)
    .flags(&[
        "cleanenv",
        "contain",
        "containall",
        "fakeroot",
        "no-home",
        "no-privs",
        "nv",
        "userns",
        "writable",
        "writable-tmpfs",
        "quiet",
        "silent",
        "debug",
    ])
    .verbs(&["exec", "run"]),
    form(&["flatpak"], "", &["command"], Form::Named).after(1).verbs(&["run"]),
    cluster(&["kubectl", "oc", "k"], &["exec", "run", "debug", "rsh"]),
    cluster(&["k3s", "microk8s", "minikube", "rke2"], &["kubectl exec", "kubectl run", "kubectl debug"]),
    cluster(&["lxc", "incus"], &["exec"]),
    form(&["lxc-attach"], "nsefPLvu", &["name"], Form::Dashes),
    words(&["machinectl"], "ME", &["uid", "setenv", "machine"]).after(1).verbs(&["shell"]),
    form(&["multipass", "limactl", "distrobox"], "nucdr", &["name", "user", "container"], Form::Dashes)
        .after(1)
        .verbs(&["exec", "shell", "enter", "run"]),
    form(&["toolbox"], "cdr", &["container", "distro", "release"], Form::Dashes).verbs(&["run"]),
    form(&["distrobox-enter"], "n", &["name"], Form::Dashes).after(1),
    form(&["minikube", "colima"], "pn", &["profile", "node"], Form::Joined).verbs(&["ssh"]),
    form(&["adb"], "sHPLt", &[], Form::Joined).verbs(&["shell", "exec-out"]),
    form(&["tsh"], "lp", &["login", "proxy", "user", "cluster"], Form::Joined).after(1).verbs(&["ssh"]),
    form(&["gh"], "cR", &["codespace", "repo"], Form::Joined).verbs(&["codespace ssh", "cs ssh"]),
    form(&["heroku"], "ars", &["app", "remote", "size", "type"], Form::Local).verbs(&["run", "run:detached"]),
    packages(&["npx", "bunx", "pnpx"]),
    packages(&["npm"]).verbs(&["exec", "x"]),
    words(&["npm"], "", &[]).after(1).verbs(&["explore"]),
    packages(&["pnpm", "yarn", "bun"]).verbs(&["exec", "dlx", "x", "workspaces foreach exec"]),
    form(&["pnpm", "yarn"], "CFw", &["cwd", "dir", "filter"], Form::Package),
    packages(&["lerna", "nx"]).verbs(&["exec"]),
    words(
        &["uv"],
        "pCn",
        &[
            "with",
            "with-editable",
            "with-requirements",
            "python",
            "extra",
            "group",
            "env-file",
            "directory",
            "project",
            "index",
        ],
    )
    .flags(&[
        "isolated",
        "no-project",
        "frozen",
        "locked",
        "no-sync",
        "all-extras",
        "dev",
        "no-dev",
        "quiet",
        "offline",
    ])
    .verbs(&["run"]),
    form(&["uvx"], "pw", &["with", "from", "python", "index"], Form::Package),
    form(&["pipx"], "", &["spec", "python", "pip-args", "suffix", "index-url"], Form::Package).verbs(&["run"]),
    words(&["poetry", "pipenv", "pdm", "rye", "hatch"], "eCp", &["env", "project", "directory"]).verbs(&["run"]),
    words(&["conda", "mamba", "micromamba"], "np", &["name", "prefix", "cwd"])
        .flags(&["no-capture-output", "live-stream"])
        .verbs(&["run"]),
    words(&["bundle", "bundler"], "", &["gemfile"]).flags(&["keep-file-descriptors"]).verbs(&["exec"]),
    words(&["rbenv", "pyenv", "nodenv", "goenv", "asdf"], "", &[]).verbs(&["exec"]),
    form(&["mise", "rtx"], "Cjc", &["cd", "jobs", "env"], Form::Dashes).verbs(&["exec", "x"]),
    words(&["nvm", "rustup"], "", &[]).after(1).verbs(&["exec", "run"]),
    words(&["volta", "fnm"], "", &["node", "npm", "yarn", "using"]).verbs(&["run", "exec"]),
    words(&["direnv"], "", &[]).after(1).verbs(&["exec"]),
    form(&["aws-vault", "chamber"], "dtr", &["duration", "region", "backend"], Form::Dashes).after(1).verbs(&["exec"]),
    form(
        &["op", "doppler", "infisical", "dotenvx"],
        "fpce",
        &["env-file", "account", "project", "config", "env"],
        Form::Dashes,
    )
    .verbs(&["run"]),
    words(&["dotenv"], "fep", &["file"]).verbs(&["run"]),
    form(&["sops"], "", &[], Form::Local).after(1).verbs(&["exec-env", "exec-file"]),
    form(&["nix"], "", &["-c", "--command"], Form::After).verbs(&["shell", "develop"]),
    form(&["guix"], "", &["--"], Form::After).verbs(&["shell", "environment"]),
    form(&["cargo"], "", &["--"], Form::After).verbs(&["watch"]),
    form(&["salt", "salt-ssh", "salt-call"], "", &["cmd.run", "cmd.shell"], Form::After),
];
