//! Things that live elsewhere and are gone when they are deleted.

use hermes_plugin_api::command::Word;
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            case.runs(&["kubectl", "oc", "k3s", "microk8s"])
                && verbs(case).find(|verb| verb != "kubectl").is_some_and(|verb| verb == "delete" || verb == "drain")
                && !is_dry(case)
        },
        ..Rule::new("kubectl-delete", "delete cluster resources", Severity::High)
    },
    Rule {
        matches: |case| {
            let destroys = |word: &Word| word.is_any(&["destroy", "-destroy", "--destroy"]);
            let applies = verbs(case).next().is_some_and(|verb| verb == "apply" || verb == "destroy");
            (case.runs(&["terraform", "tofu", "terragrunt", "cdk", "cdktf"])
                && applies
                && case.args().iter().any(destroys))
                || (case.runs(&["cdk", "pulumi", "vagrant", "sls", "serverless"])
                    && verbs(case).next().is_some_and(|verb| verb == "destroy" || verb == "remove"))
                || (case.runs(&["terragrunt"]) && case.args().iter().any(destroys))
        },
        alternative: "`terraform plan -destroy` shows what would go",
        ..Rule::new("infrastructure-destroy", "destroy infrastructure", Severity::Critical)
    },
    Rule {
        matches: |case| !is_dry(case) && deletes_in_cloud(case),
        ..Rule::new("cloud-delete", "delete cloud resources", Severity::High)
    },
    Rule {
        matches: |case| {
            case.runs(&["helm"])
                && verbs(case).next().is_some_and(|verb| ["uninstall", "delete", "un", "del"].contains(&verb.as_str()))
                && !is_dry(case)
        },
        ..Rule::new("helm-uninstall", "uninstall a release", Severity::High)
    },
];

const OPTIONS: Syntax = Syntax {
    short_values: "nlfosg",
    long_values: &[
        "namespace",
        "context",
        "kubeconfig",
        "cluster",
        "user",
        "region",
        "profile",
        "project",
        "output",
        "query",
        "selector",
        "filename",
        "endpoint-url",
        "subscription",
        "resource-group",
        "name",
        "server",
        "kube-context",
        "account",
        "zone",
        "chdir",
    ],
    ..Syntax::GNU
};

/// The words that are not options, which name what is done to what.
fn verbs(case: &Case) -> impl Iterator<Item = String> {
    let parsed = case.parse(&OPTIONS);
    let words: Vec<String> = parsed.operands.iter().map(|word| word.leading().into_owned()).collect();
    words.into_iter()
}

fn is_dry(case: &Case) -> bool {
    case.args().iter().any(|word| {
        let text = word.leading();
        text.strip_prefix("--dry-run").is_some_and(|value| value != "=none")
            || text == "--dryrun"
            || text == "-n" && case.is(&["gsutil"])
    })
}

fn deletes_in_cloud(case: &Case) -> bool {
    let words: Vec<String> = verbs(case).collect();
    let word = |n: usize| words.get(n).map_or("", String::as_str);
    let says = |text: &str| case.args().iter().any(|word| word.is(text));
    if case.runs(&["aws"]) {
        return match (word(0), word(1)) {
            ("s3", "rm") => says("--recursive"),
            ("s3", "rb") => says("--force"),
            ("s3", "sync") => says("--delete"),
            (_, verb) => {
                (verb.starts_with("delete-") && !["delete-message", "delete-tags"].contains(&verb))
                    || verb.starts_with("terminate-")
            }
        };
    }
    if case.runs(&[
        "gcloud",
        "az",
        "doctl",
        "linode-cli",
        "flyctl",
        "fly",
        "heroku",
        "hcloud",
        "scw",
        "oci",
        "ibmcloud",
    ]) {
        let destroys = |word: &String| {
            ["delete", "destroy", "purge", "apps:destroy", "pg:reset", "terminate"].contains(&word.as_str())
        };
        return words.iter().take(5).any(destroys);
    }
    if case.runs(&["gsutil"]) {
        return (word(0) == "rm" && (case.has_flag('r', "") || case.has_flag('R', ""))) || word(0) == "rb";
    }
    case.runs(&["s3cmd", "rclone", "mc", "eksctl"])
        && (["purge", "rb"].contains(&word(0))
            || (["del", "rm"].contains(&word(0)) && (case.has_flag('r', "recursive")))
            || (case.is(&["eksctl"]) && word(0) == "delete"))
}
