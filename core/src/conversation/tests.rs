//! What becomes of messages, prompts, signals and words, over a platform that remembers what it was sent.

mod fakes;

use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::platform::Event;

use super::*;
use fakes::{Room, ask, say};

#[tokio::test(start_paused = true)]
async fn messages_are_answered_one_after_another() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(say("one"));
        room.says(say("two"));
        room.person("first");
        room.person("second");
        room.until("two").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    let sent = room.sent().replace("ready|", "");
    assert!(sent.starts_with("status|end one|end two|notice Go on with this session by `hermes -r "), "{sent}");
    assert_eq!(room.asked(), ["first", "first,one,second"]);
}

#[tokio::test(start_paused = true)]
async fn the_line_after_a_prompt_reaches_who_asked() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(ask());
        room.person("delete it");
        let prompt = room.until("prompt").await;
        room.event(Event::Answer { prompt: "another".into(), text: "always".into() });
        room.event(Event::Answer { prompt, text: "once".into() });
        room.until("end done").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    assert_eq!(room.answers(), [Some("once".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn an_interruption_declines_the_prompt_and_the_turn_goes_on() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(ask());
        room.person("delete it");
        room.until("prompt").await;
        room.signal(Signal::Interrupt);
        room.until("end done").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    assert_eq!(room.answers(), [None]);
    assert!(!room.sent().contains("Interrupted"));
}

#[tokio::test(start_paused = true)]
async fn who_left_declines_what_stands_and_what_comes_and_the_rest_is_done() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(ask());
        room.says(ask());
        room.person("delete it");
        room.until("prompt").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    assert_eq!(room.answers(), [None, None]);
    assert_eq!(room.sent().matches("prompt").count(), 1, "nobody is there to be asked again");
    assert!(room.sent().contains("end done"));
}

#[tokio::test(start_paused = true)]
async fn an_interruption_stops_the_turn_and_what_waits_behind_it() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(fakes::hang());
        room.person("first");
        room.person("never");
        room.settle().await;
        room.signal(Signal::Interrupt);
        room.until("notice Interrupted").await;
        room.person("again");
        room.until("end done").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    assert_eq!(room.asked(), ["first", "first,again"]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_interruption_leaves_at_the_second_time() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.signal(Signal::Interrupt);
        room.until("notice Press Ctrl-C again to leave, or type /quit").await;
        room.person("hello");
        room.until("end done").await;
        room.signal(Signal::Interrupt);
        room.signal(Signal::Interrupt);
    });
    assert_eq!(code.await, error::INTERRUPTED);
}

#[tokio::test(start_paused = true)]
async fn words_are_for_the_program_even_while_a_turn_runs() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(fakes::hang());
        room.person("first");
        room.settle().await;
        for word in ["/yolo", "/new", "/stpo", "/stop"] {
            room.person(word);
        }
        room.until("notice Interrupted").await;
        for word in ["/new", "/stop", "/status", "/quit"] {
            room.person(word);
        }
    });
    assert_eq!(code.await, error::OK);
    let sent = room.sent();
    for notice in [
        "A turn is running: `/stop` it first",
        "Unknown word `/stpo`: did you mean `/stop`?",
        "A new session begins",
        "Nothing is running",
        "model     fake",
    ] {
        assert!(sent.contains(&format!("notice {notice}")) || sent.contains(notice), "{notice}: {sent}");
    }
    assert_eq!(room.asked(), ["first"]);
    assert_eq!(room.opened(), 2);
    assert_eq!(room.closed(), 2);
}

#[tokio::test(start_paused = true)]
async fn something_is_done_in_the_background_while_the_conversation_goes_on() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(ask());
        room.person("/background delete it");
        let prompt = room.until("prompt").await;
        room.person("/background");
        room.person("/status");
        room.until("beside    1").await;
        room.event(Event::Answer { prompt, text: "!approve session".into() });
        room.until("notice Done in the background: delete it\ndone\nGo on with it by `/resume ").await;
        room.says(say("hello"));
        room.person("hi");
        room.until("end hello").await;
        room.person("/background");
        room.until("Nothing goes on in the background").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    assert_eq!(room.answers(), [Some("session".to_owned())]);
    assert!(!room.sent().contains("end done"), "{}", room.sent());
    assert_eq!((room.opened(), room.closed()), (2, 2));
    let sessions = room.sessions();
    let store = sessions.store();
    assert_eq!(store.latest("background").expect("stored").messages, 4);
    assert_eq!(store.latest("room").expect("stored").messages, 2);
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_in_the_background_stops_with_the_rest() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(fakes::hang());
        room.person("/background one");
        room.settle().await;
        room.person("/stop");
        room.until("Done in the background: one\nInterrupted").await;
        room.says(fakes::stubborn());
        room.person("/background two");
        room.settle().await;
        room.person("/quit");
    });
    let started = Instant::now();
    assert_eq!(code.await, error::OK);
    assert!(started.elapsed() <= FAREWELL + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn prompts_one_after_another_and_words_that_answer_them() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.person("/approve");
        room.until("Nothing waits for a yes or a no").await;
        room.says(fakes::hang());
        room.person("first");
        room.settle().await;
        for word in ["/queue second", "/queue", "!stop"] {
            room.person(word);
        }
        room.until("notice It waits: 0 before it|notice › second").await;
        room.until("notice Interrupted").await;
        room.says(say("two"));
        room.person("/queue second");
        room.until("end two").await;
        for word in ["/model", "/model other", "/model acme big", "/tools", "/plugins", "/commands", "/nosuchword"] {
            room.person(word);
        }
        room.until("Unknown word `/nosuchword`").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    let sent = room.sent();
    for notice in [
        "fake answers. `/model",
        "other (fake) answers from now on",
        "No plugin that is on offers the provider `acme`",
        "tools-fake ",
        "No plugin is on",
        "/background [TEXT]",
    ] {
        assert!(sent.contains(notice), "{notice}: {sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_program_ends_soon_whatever_runs() {
    let room = Room::new();
    let started = Instant::now();
    let code = room.talk(async |room| {
        room.says(fakes::stubborn());
        room.person("first");
        room.settle().await;
        room.signal(Signal::Terminate);
    });
    assert_eq!(code.await, error::INTERRUPTED);
    assert!(started.elapsed() <= FAREWELL + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_prompt_whose_asker_is_gone_is_taken_down() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(fakes::ask_deafly());
        room.person("delete it");
        room.until("prompt").await;
        room.person("/stop");
        room.until("notice Interrupted").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    assert!(room.sent().contains("settled withdrawn"), "{}", room.sent());
}

#[tokio::test(start_paused = true)]
async fn a_failing_model_is_told_with_its_hint() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(Err(PluginError::config("The key is wrong").with_hint("set another")));
        room.person("first");
        room.until("notice The model failed: The key is wrong\nhint: set another").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
}

#[tokio::test(start_paused = true)]
async fn a_single_message_is_answered_and_its_signal_heeded() {
    let room = Room::new();
    room.says(say("hello"));
    let (_signals, receiver) = mpsc::channel(1);
    let single = Conversation::new(room.parts().await).single("hi".into(), receiver).await;
    assert!(matches!(single.outcome, Outcome::Answered(text) if text == "hello"));
    room.says(fakes::hang());
    let (signals, receiver) = mpsc::channel(1);
    signals.send(Signal::Interrupt).await.expect("room");
    let single = Conversation::new(room.parts().await).single("hi".into(), receiver).await;
    assert!(matches!(single.outcome, Outcome::Interrupted));
    assert_eq!(room.closed(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_kept_taken_back_titled_left_and_found_again() {
    let room = Room::new();
    let code = room.talk(async |room| {
        for text in ["one", "two", "three"] {
            room.says(say(text));
        }
        for (text, notice) in [
            ("Fix the roof", "end one"),
            ("/title", "This session is called `Fix the roof`"),
            ("/title The roof", "This session is called `The roof` from now on"),
            ("wrong", "end two"),
            ("/undo", "Taken back: wrong"),
            ("/retry", "Again: Fix the roof"),
            ("/history", "end three"),
            ("/new", "A new session begins"),
            ("/undo", "There is nothing to take back"),
            ("/resume teh roof", "did you mean `The roof`?"),
            ("/resume", "The roof  (2 messages, just now)"),
            ("/resume the roof", "Going on with `The roof` · 2 messages · /history\n› Fix the roof\nthree"),
            ("/resume the roof", "This is that session"),
            ("/usage", "3 answers"),
        ] {
            room.person(text);
            room.until(notice).await;
            room.settle().await;
        }
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    let sessions = room.sessions();
    let store = sessions.store();
    let kept = store.find("The roof").expect("there");
    let said: Vec<String> = store.messages(&kept.id).expect("read").into_iter().map(|one| one.content).collect();
    assert_eq!(said, ["Fix the roof", "three"]);
    assert_eq!((kept.source.as_str(), kept.spent.answers), ("room", 3));
    assert_eq!(room.opened(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_stored_is_stored_whole_once_it_can() {
    let room = Room::new();
    let home = tempfile::tempdir().expect("a folder");
    let locks = home.path().join("cache");
    let home_of = || crate::config::home::Home::at(home.path());
    let sessions = Sessions::open(&home_of()).expect("a store");
    std::fs::write(&locks, "in the way").expect("written");
    let parts = Parts { sessions: sessions.clone(), ..room.parts().await };
    let code = room.talk_over(parts, async |room| {
        room.says(say("one"));
        room.says(say("two"));
        room.person("first");
        room.until("end one").await;
        std::fs::remove_file(&locks).expect("removed");
        room.person("second");
        room.until("end two").await;
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    let sent = room.sent();
    assert_eq!(sent.matches("is not stored for now").count(), 1, "{sent}");
    assert!(sent.contains("nothing is missing"), "{sent}");
    let kept = sessions.store().latest("room").expect("there");
    assert_eq!((kept.messages, kept.spent.answers), (4, 2));
}

#[tokio::test(start_paused = true)]
async fn the_status_line_says_what_changed() {
    let room = Room::new();
    let code = room.talk(async |room| {
        room.says(fakes::spend(100, 20));
        room.says(fakes::spend(380, 20));
        for (text, notice) in
            [("one", "end spent"), ("two", "end spent|ready|end spent"), ("/title Work", "from now on")]
        {
            room.person(text);
            room.until(notice).await;
            room.settle().await;
        }
        room.leaves();
    });
    assert_eq!(code.await, error::OK);
    let details = room.details();
    let expected = ["fake", "one · fake · 120 tokens · 12% of context", "one · fake · 520 tokens · 40% of context"];
    assert_eq!(details[..3], expected);
    assert_eq!(details[3..], ["Work · fake · 520 tokens · 40% of context"]);
}
