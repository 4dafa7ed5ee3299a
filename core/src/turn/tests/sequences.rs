//! Whatever models say and people interrupt, the transcript stays valid. [`World::turn`] checks it after each
//! turn, the fake model at each request.

use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::model::CallRequest;
use proptest::prelude::*;

use super::fakes::{Say, World};
use crate::session::transcript::Transcript;

fn calls() -> impl Strategy<Value = Say> {
    let id = prop_oneof![Just(String::new()), "[ab]", "call_[1-4]", "\\PC{0,70}"];
    let tool = prop::sample::select(vec!["echo", "say", "fail", "panic", "hang", "stop", "none", "", "a b\n"]);
    let broken = prop::sample::select(vec!["", "{}", "{\"text\": 1}", "{\"text\": ", "[]", "null", "\u{0}"]);
    let arguments = prop_oneof![broken.prop_map(str::to_owned), Just(r#"{"text": "x"}"#.to_owned()), "\\PC{0,20}"];
    let call = (id, tool, arguments).prop_map(|(id, name, arguments)| CallRequest { id, name: name.into(), arguments });
    prop::collection::vec(call, 0..5).prop_map(Say::Calls)
}

fn say() -> impl Strategy<Value = Say> {
    let text = || prop::sample::select(vec!["", " ", "hello", "[Interrupted]"]);
    prop_oneof![
        6 => calls(),
        1 => text().prop_map(Say::Text),
        1 => prop::collection::vec(text(), 0..3).prop_map(Say::Streamed),
        1 => Just(Say::Fails(PluginError::unavailable("Busy"))),
        1 => Just(Say::Fails(PluginError::config("Wrong key"))),
        1 => text().prop_map(|text| Say::BreaksAfter(text, PluginError::internal("Broke"))),
        1 => text().prop_map(Say::Interrupted),
        1 => Just(Say::Hangs),
        1 => Just(Say::Panics),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_transcript_stays_valid(turns in prop::collection::vec(prop::collection::vec(say(), 0..6), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let mut transcript = Transcript::default();
            for says in turns {
                let mut world = World::new(says);
                world.limits.rounds = 8;
                world.turn(&mut transcript).await;
            }
        });
    }
}
