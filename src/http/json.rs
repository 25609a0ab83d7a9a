//! JSON as clients send it, read once: no name twice in an object, not more values than may be, whole numbers as such.
//!
//! Which of two members of one name counts is left open by RFC 8259 §4, so programs differ: what one of them has checked, another
//! one takes for something else. Here neither counts.

use std::fmt::Display;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::fault::{Fault, FieldError};
use crate::problem::{Code, ERRORS_MAX, Problem};

/// Values that a body may have: more than the longest article, fewer than would keep the checks busy.
const VALUES_MAX: usize = 200_000;

/// The value that a text holds.
///
/// # Errors
/// `malformed` where it is no JSON or nested more than 127 levels deep, `too_large` where it has too many values, and `invalid` where an
/// object has a name twice, with each such member.
pub(super) fn read(text: &[u8]) -> Result<Value, Problem> {
    let mut reading = Reading { left: Some(VALUES_MAX), repeated: Vec::new() };
    let mut parser = serde_json::Deserializer::from_slice(text);
    let read = Seed(&mut reading).deserialize(&mut parser);
    match read.and_then(|value| parser.end().map(|()| value)) {
        Ok(_) if !reading.repeated.is_empty() => {
            Err(Problem { errors: reading.repeated, ..Problem::new(Code::Invalid) })
        }
        Ok(value) => Ok(value),
        Err(_) if reading.left.is_none() => Err(Problem::new(Code::TooLarge).with("limitValues", VALUES_MAX)),
        Err(error) => Err(Problem::new(Code::Malformed).with("line", error.line()).with("column", error.column())),
    }
}

/// What is known of a text that is being read.
struct Reading {
    /// How many more values there may be; nothing once there were too many.
    left: Option<usize>,
    /// The members that were named before, each below what is being read.
    repeated: Vec<FieldError>,
}

impl Reading {
    /// Says in which member or item stands what was found since there were so many.
    fn place(&mut self, known: usize, step: impl Display) {
        if self.repeated.len() == known {
            return;
        }
        let step = step.to_string().replace('~', "~0").replace('/', "~1");
        for found in self.repeated.iter_mut().skip(known) {
            found.pointer.insert_str(0, &format!("/{step}"));
        }
    }

    /// Notes that the member that is being read has had its name before.
    fn repeat(&mut self) {
        if self.repeated.len() < ERRORS_MAX {
            self.repeated.push(FieldError { pointer: String::new(), fault: Fault::NamedTwice });
        }
    }
}

/// Reads one value.
struct Seed<'r>(&'r mut Reading);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Value, D::Error> {
        self.0.left = self.0.left.and_then(|left| left.checked_sub(1));
        if self.0.left.is_none() {
            return Err(D::Error::custom("too many values"));
        }
        // The parser bounds the depth.
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(whole(value).map_or_else(|| value.into(), Value::from))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let known = self.0.repeated.len();
            let Some(item) = items.next_element_seed(Seed(&mut *self.0))? else { break };
            self.0.place(known, array.len());
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let known = self.0.repeated.len();
            if object.contains_key(&name) {
                self.0.repeat();
            }
            let value = members.next_value_seed(Seed(&mut *self.0))?;
            self.0.place(known, &name);
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// The whole number that a number is, since JSON does not tell `5.0` from `5`. Those beyond 2^53 are not exact anyway.
fn whole(value: f64) -> Option<i64> {
    let is_whole = value.fract() == 0.0 && value.abs() < 9e15;
    is_whole.then(|| format!("{value:.0}").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// The code of the refusal, and the pointers that it names.
    fn refusal(text: &str) -> (&'static str, Vec<String>) {
        let problem = read(text.as_bytes()).unwrap_err();
        (problem.code.word(), problem.errors.into_iter().map(|error| error.pointer).collect())
    }

    #[test]
    fn a_name_that_comes_twice_is_named_wherever_it_stands() {
        let cases: &[(&str, &[&str])] = &[
            (r#"{"a":1,"a":1}"#, &["/a"]),
            (r#"{"a":1,"\u0061":2}"#, &["/a"]),
            (r#"{"a":1,"b":2,"a":3,"a":4}"#, &["/a", "/a"]),
            (r#"{"":1,"":1}"#, &["/"]),
            (r#"{"a/b~c":1,"a/b~c":1}"#, &["/a~1b~0c"]),
            (r#"[0,[{"a":{}},{"a":{"b":0,"b":{"c":0,"c":0}}}],{"d":0,"d":0}]"#, &["/1/1/a/b", "/1/1/a/b/c", "/2/d"]),
            (r#"{"a":{"b":1},"a":{"c":1,"c":2}}"#, &["/a", "/a/c"]),
        ];
        for (text, pointers) in cases {
            let pointers = pointers.iter().map(ToString::to_string).collect();
            assert_eq!(refusal(text), ("invalid", pointers), "{text}");
        }
        // What stands in several objects, or in another case, is not the same.
        let apart = r#"[{"a":{"a":1}},{"a":2,"A":3}]"#;
        assert_eq!(read(apart.as_bytes()).unwrap(), json!([{ "a": { "a": 1 } }, { "a": 2, "A": 3 }]));
    }

    #[test]
    fn what_is_no_json_comes_first_and_what_is_too_much_is_not_read_on() {
        assert_eq!(refusal(r#"{"a":1,"a":2"#).0, "malformed");
        assert_eq!(refusal("{} {}").0, "malformed");
        assert_eq!(refusal("1e999").0, "malformed");
        assert_eq!(refusal(&"[".repeat(500_000)).0, "malformed");
        assert_eq!(refusal(&format!("[{}", "1,".repeat(VALUES_MAX))).0, "too_large");
        let full = format!("[{}1]", "1,".repeat(VALUES_MAX - 2));
        assert_eq!(read(full.as_bytes()).unwrap().as_array().map(Vec::len), Some(VALUES_MAX - 1));
        let twice = format!("{{{}\"z\":1}}", "\"a\":1,".repeat(5_000));
        assert_eq!(refusal(&twice).1.len(), ERRORS_MAX);
    }

    #[test]
    fn no_name_means_anything_to_the_parser() {
        // serde_json would put in their places what these texts hold.
        for text in [r#"{"$serde_json::private::RawValue":"[1]"}"#, r#"{"$serde_json::private::Number":"1"}"#] {
            let value = read(text.as_bytes()).unwrap();
            assert!(value.as_object().is_some_and(|object| object.values().all(Value::is_string)), "{value}");
        }
    }

    #[test]
    fn whole_numbers_are_whole() {
        let value = read(b"[5.0, -0.0, 4.5, 1e2, 9e15, 18446744073709551615, -9223372036854775808]").unwrap();
        assert_eq!(value, json!([5, 0, 4.5, 100, 9e15, u64::MAX, i64::MIN]));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((".{0,4}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(value in value()) {
            prop_assert_eq!(read(value.to_string().as_bytes()).unwrap(), value);
        }
    }
}
