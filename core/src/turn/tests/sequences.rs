//! Whatever models say and people interrupt, the transcript stays valid, and so does what is restored of it after a
//! crash at any moment. [`World::turn`] checks it after each turn, the fake model at each request.

use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::model::{CallRequest, Cause, Message, Role};
use proptest::prelude::*;
use std::sync::Arc;

use super::fakes::{Say, World};
use crate::session::transcript::{Transcript, fault};

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
        2 => Just(Say::Fails(Cause::ContextOverflow.on(PluginError::user("Too long")))),
        1 => text().prop_map(|text| Say::BreaksAfter(text, PluginError::internal("Broke"))),
        1 => text().prop_map(Say::Interrupted),
        1 => Just(Say::Hangs),
        1 => Just(Say::Panics),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_transcript_stays_valid(
        turns in prop::collection::vec(prop::collection::vec(say(), 0..6), 1..4),
        falls_back in any::<bool>(),
        longest in prop::option::of(10_u64..200),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let (mut transcript, kept) = (Transcript::default(), Arc::default());
        runtime.expect("a runtime").block_on(async {
            for says in turns {
                let mut world = World::new(says);
                world.limits.rounds = 8;
                (world.falls_back, world.longest, world.kept) = (falls_back, longest, Arc::clone(&kept));
                world.turn(&mut transcript).await;
            }
        });
        let kept: Vec<Message> = kept.lock().unwrap().0.clone();
        prop_assert_eq!(&kept[..], transcript.messages());
        // The process may end between any two messages that are kept.
        for end in 0..=kept.len() {
            let mut restored = Transcript::restore(kept[..end].to_vec());
            prop_assert_eq!(fault(restored.messages()), None);
            prop_assert_eq!(&restored.messages()[..end], &kept[..end]);
            prop_assert_eq!(restored.kept(), end);
            restored.user("and now?");
            prop_assert_eq!(fault(restored.messages()), None);
            while restored.take_back().is_some() {
                prop_assert_eq!(fault(restored.messages()), None);
            }
            // A summary stays, and what answers it: all that a turn did after it was cut in the middle.
            let mut left = restored.messages().iter().skip(restored.summary());
            prop_assert!(left.all(|message| message.role != Role::User));
        }
    }

    #[test]
    fn whatever_is_restored_is_valid(messages in prop::collection::vec(message(), 0..12)) {
        prop_assert_eq!(fault(Transcript::restore(messages).messages()), None);
    }
}

/// A message as a damaged store might hold it.
fn message() -> impl Strategy<Value = Message> {
    let role = prop::sample::select(vec![Role::User, Role::Assistant, Role::Tool]);
    let id = prop::sample::select(vec!["", "a", "b", "call_1", "ä"]);
    let call = (id.clone(), prop::sample::select(vec!["{}", "{", "7"])).prop_map(|(id, text)| CallRequest {
        id: id.into(),
        name: "x".into(),
        arguments: text.into(),
    });
    let content = prop::sample::select(vec!["", " ", "text"]);
    (role, content, prop::collection::vec(call, 0..3), id).prop_map(|(role, content, tool_calls, id)| Message {
        role,
        content: content.into(),
        tool_calls,
        tool_call_id: id.into(),
        ..Message::default()
    })
}
