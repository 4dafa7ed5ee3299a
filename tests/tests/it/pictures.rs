//! Pictures that a person names in a message, as a server is sent them.

use std::fs;

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::model_server::ModelServer;
use serde_json::Value;

use crate::models::{says, talking_to};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n rest";

fn start(config: &str) -> (Hermes, ModelServer) {
    let server = ModelServer::start(vec![says(&["I see"])]);
    let hermes = talking_to(&server, config);
    fs::write(hermes.path("work/plan.png"), PNG).expect("written");
    (hermes, server)
}

/// What the person said last, as it was sent.
fn sent(server: &ModelServer) -> Value {
    let asked = server.asked();
    let messages = asked.last().expect("asked").body["messages"].as_array().expect("messages").clone();
    messages.last().expect("a message")["content"].clone()
}

#[test]
fn a_picture_goes_along_with_the_message_and_stays_in_its_session() {
    let (hermes, server) = start("");
    let ran = run(hermes.command(&["-q", "what is on @plan.png?"]));
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "I see\n", ""), "{ran:?}");
    let content = sent(&server);
    assert_eq!(content[0]["text"], "what is on @plan.png?", "{content}");
    assert_eq!(content[1]["image_url"]["url"], "data:image/png;base64,iVBORw0KGgogcmVzdA==", "{content}");
    let ran = run(hermes.command(&["-c", "-q", "and now?"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let messages = server.asked().last().expect("asked").body["messages"].clone();
    assert!(messages.to_string().contains("iVBORw0KGgogcmVzdA=="), "{messages}");
}

#[test]
fn what_cannot_be_sent_is_told_and_the_words_go_without_it() {
    let (hermes, server) = start("");
    fs::write(hermes.path("work/fake.png"), "no picture").expect("written");
    let ran = run(hermes.command(&["-q", "see @fake.png and @none.png and plan.png"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("`fake.png` is not sent: it is no picture"), "{ran:?}");
    assert!(ran.err.contains("`none.png` is not sent: No such file"), "{ran:?}");
    assert_eq!(sent(&server), "see @fake.png and @none.png and plan.png");
}

#[test]
fn a_model_that_sees_nothing_is_sent_no_picture() {
    let (hermes, server) = start("  models: {fast: {vision: false}}\n");
    let ran = run(hermes.command(&["-q", "what is on @plan.png?"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("`plan.png` is not sent: the model sees no pictures"), "{ran:?}");
    assert_eq!(sent(&server), "what is on @plan.png?");
}
