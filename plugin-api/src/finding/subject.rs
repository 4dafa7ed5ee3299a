//! Reading a subject from the wire without a copy in between.
//!
//! What serde derives for a value that names its kind in a field first keeps the whole value in memory, since the
//! kind may come last. The host writes it first, and commands are asked about most: they are read straight. All
//! else goes the derived way. The form on the wire is the derived one.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CommandSubject, Subject};

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Subject::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KindFirst)
    }
}

struct KindFirst;

impl<'de> Visitor<'de> for KindFirst {
    type Value = Subject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a subject: an object with a `kind`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut rest: A) -> Result<Subject, A::Error> {
        let key: Option<String> = rest.next_key()?;
        let kind: Option<String> = match key.as_deref() {
            Some("kind") => Some(rest.next_value()?),
            _ => None,
        };
        if kind.as_deref() == Some("command") {
            return CommandSubject::deserialize(MapAccessDeserializer::new(rest)).map(Subject::Command);
        }
        Subject::deserialize(MapAccessDeserializer::new(Begun { key, kind, rest }))
    }
}

/// An object whose first key was read, and its value where that is the kind.
struct Begun<A> {
    key: Option<String>,
    kind: Option<String>,
    rest: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Begun<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.key.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.rest.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.kind.take() {
            Some(kind) => seed.deserialize(kind.into_deserializer()),
            None => self.rest.next_value_seed(seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::command::Command;

    fn read(json: &str) -> Result<Subject, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn command() -> Subject {
        let command = Command::of(&["rm", "-rf", "a \"b\" \u{e9}\n"]);
        Subject::Command(CommandSubject { command, cwd: "/work".into(), backend: "local".into() })
    }

    #[test]
    fn every_kind_comes_back_from_its_form_on_the_wire() {
        let text = || "some text".to_owned();
        let all = [
            (command(), "command"),
            (Subject::Url { url: text() }, "url"),
            (Subject::ContextFile { name: "AGENTS.md".into(), text: text() }, "context_file"),
            (Subject::Skill { files: [("SKILL.md".to_owned(), text())].into() }, "skill"),
            (Subject::ToolOutput { tool: "read_file".into(), text: text() }, "tool_output"),
            (Subject::Message { text: text() }, "message"),
        ];
        for (subject, kind) in all {
            let json = serde_json::to_string(&subject).expect("JSON");
            assert!(json.starts_with(&format!(r#"{{"kind":"{kind}","#)), "{json}");
            assert_eq!(read(&json), Ok(subject.clone()));
            // A tree's keys are in the order of the alphabet.
            let tree: Value = serde_json::from_str(&json).expect("JSON");
            assert_eq!(serde_json::from_value(tree).ok(), Some(subject));
        }
    }

    #[test]
    fn the_kind_may_stand_anywhere_and_what_is_not_known_is_passed_over() {
        let Value::Object(fields) = json!(command()) else { panic!("an object") };
        let field = |name: &str| format!("{}:{}", json!(name), fields[name]);
        let [kind, command_, cwd, backend] = ["kind", "command", "cwd", "backend"].map(field);
        let new = r#""from_a_newer_host":{"a":[1,{"kind":"url"}]}"#.to_owned();
        for order in [
            [&kind, &new, &command_, &cwd, &backend],
            [&new, &command_, &kind, &cwd, &backend],
            [&backend, &cwd, &command_, &new, &kind],
        ] {
            let json = format!("{{{}}}", order.map(String::as_str).join(","));
            assert_eq!(read(&json), Ok(command()), "{json}");
        }
    }

    #[test]
    fn what_is_no_subject_is_refused_with_the_reason() {
        for (json, why) in [
            ("{}", "missing field `kind`"),
            (r#"{"url":"x"}"#, "missing field `kind`"),
            (r#"{"kind":"smell"}"#, "unknown variant `smell`"),
            (r#"{"kind":"url"}"#, "missing field `url`"),
            (r#"{"kind":7,"url":"x"}"#, "invalid type: integer `7`"),
            (r#"{"kind":"command","cwd":"/","backend":"local"}"#, "missing field `command`"),
            (r#"{"kind":"command","cwd":7}"#, "invalid type: integer `7`"),
            ("7", "a subject"),
            (r#"{"kind":"command","#, "EOF"),
        ] {
            let error = read(json).expect_err(json);
            assert!(error.contains(why), "{json}: {error}");
        }
    }
}
