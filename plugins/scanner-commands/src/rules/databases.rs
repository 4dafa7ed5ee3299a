//! Data stores: statements that drop, delete or empty.

use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

use super::sql::{self, Statement};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            any_statement(case, Statement::drops)
                || case.runs(&["dropdb"])
                || (case.runs(&["mysqladmin"]) && says(case, &["drop"]))
        },
        ..Rule::new("sql-drop", "SQL DROP", Severity::High)
    },
    Rule {
        matches: |case| any_statement(case, Statement::deletes_all),
        alternative: "Say which rows with WHERE",
        ..Rule::new("sql-delete", "SQL DELETE without WHERE", Severity::High)
    },
    Rule {
        matches: |case| any_statement(case, Statement::truncates),
        ..Rule::new("sql-truncate", "SQL TRUNCATE", Severity::High)
    },
    Rule { matches: |case| empties_store(case), ..Rule::new("store-flush", "empty a data store", Severity::High) },
];

const CLIENTS: &[&str] = &[
    "psql",
    "mysql",
    "mariadb",
    "sqlite3",
    "sqlite",
    "sqlcmd",
    "duckdb",
    "clickhouse-client",
    "clickhouse",
    "cqlsh",
    "mycli",
    "pgcli",
    "litecli",
    "usql",
    "isql",
    "osql",
    "tsql",
    "sqlplus",
    "snowsql",
    "trino",
    "presto",
    "beeline",
    "hive",
    "cockroach",
    "bq",
    "spanner-cli",
    "impala-shell",
    "libsql",
    "rqlite",
    "turso",
    "wrangler",
    "supabase",
    "heroku",
    "dbt",
];

fn any_statement(case: &Case, is: fn(&Statement) -> bool) -> bool {
    case.runs(CLIENTS) && super::programs::texts_given(case).iter().any(|text| sql::statements(text).iter().any(is))
}

fn empties_store(case: &Case) -> bool {
    let texts = || super::programs::texts_given(case);
    if case.runs(&["redis-cli", "valkey-cli", "keydb-cli"]) {
        const SYNTAX: Syntax = Syntax {
            short_values: "hpsaunridXDt",
            long_values: &["user", "pass", "cacert", "cert", "key", "sni", "eval"],
            stops_at_operand: true,
            ..Syntax::GNU
        };
        let empties = |verb: &str| ["FLUSHALL", "FLUSHDB"].iter().any(|name| verb.eq_ignore_ascii_case(name));
        return case.parse(&SYNTAX).operands.first().is_some_and(|word| empties(&word.leading()))
            || super::programs::texts_fed(case)
                .iter()
                .flat_map(|text| text.lines())
                .any(|line| line.split_whitespace().next().is_some_and(empties));
    }
    let drops = ["dropDatabase(", ".drop()", ".deleteMany({})", ".remove({})"];
    case.runs(&["mongo", "mongosh"])
        && texts().iter().any(|text| drops.iter().any(|call| text.replace(' ', "").contains(call)))
}

fn says(case: &Case, words: &[&str]) -> bool {
    case.args().iter().any(|word| word.is_any(words))
}
