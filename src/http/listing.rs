//! Lists as they are sent: written once, with an ear for when what is in them last changed.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

use super::query::PageView;
use crate::problem::Problem;
use crate::time::UtcTime;

/// What tells when an item last changed.
const DATES: [&str; 3] = ["dateModified", "dateUpdated", "dateCreated"];

/// A page of a list.
#[derive(Serialize)]
pub(super) struct Listing<'l, T> {
    pub items: &'l [T],
    pub page: PageView,
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl<T: Serialize> Listing<'_, T> {
    /// The JSON of it, and when any of its items last changed, as far as they say so.
    pub fn write(&self) -> Result<(Vec<u8>, Option<UtcTime>), Problem> {
        let (mut text, mut latest) = (Vec::new(), None);
        self.serialize(&mut Serializer::with_formatter(&mut text, Ear::new(&mut latest)))?;
        Ok((text, latest))
    }
}

/// When something last changed, as far as it says so.
pub(super) fn changed_at(item: &Value) -> Option<UtcTime> {
    let told = DATES.iter().filter_map(|name| item.get(name)?.as_str());
    told.filter_map(|date| UtcTime::parse(date).ok()).max()
}

/// Writes compact JSON, and hears the dates of items as they go by.
struct Ear<'e> {
    latest: &'e mut Option<UtcTime>,
    /// How many objects it is in: the list, an item, and so on.
    depth: usize,
    is_key: bool,
    /// What is written belongs to the items.
    in_items: bool,
    /// What comes next is such a date.
    is_date: bool,
    /// As much of it as is written.
    date: String,
}

impl<'e> Ear<'e> {
    const fn new(latest: &'e mut Option<UtcTime>) -> Self {
        Self { latest, depth: 0, is_key: false, in_items: false, is_date: false, date: String::new() }
    }

    fn key(&mut self, name: &str) {
        match self.depth {
            1 => self.in_items = name == "items",
            2 => self.is_date = self.in_items && DATES.contains(&name),
            _ => {}
        }
    }
}

impl Formatter for Ear<'_> {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.is_date = false;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.is_key = true;
        if first { Ok(()) } else { writer.write_all(b",") }
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_key = false;
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if self.is_key {
            self.key(fragment);
        } else if self.is_date {
            self.date.push_str(fragment);
        }
        writer.write_all(fragment.as_bytes())
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.is_date && !self.is_key {
            *self.latest = UtcTime::parse(&self.date).ok().max(*self.latest);
            self.is_date = false;
            self.date.clear();
        }
        writer.write_all(b"\"")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use serde_json::json;

    fn written(items: &[Value], members: Value) -> (Value, Option<String>) {
        let page = PageView { limit: 20, next: None, prev: None, total: None };
        let Value::Object(members) = members else { unreachable!("an object") };
        let (text, latest) = Listing { items, page, members }.write().unwrap();
        (serde_json::from_slice(&text).unwrap(), latest.map(|at| at.to_string()))
    }

    #[test]
    fn a_list_is_as_new_as_the_newest_date_of_an_item_itself() {
        let (old, new) = ("2020-10-09T08:30:00Z", "2021-01-01T00:00:00Z");
        let items = [
            json!({ "headline": "\"dateModified\": \"2030-01-01T00:00:00Z\"", "dateCreated": old, "dateModified": null }),
            json!({ "dateUpdated": new, "tags": [{ "dateModified": "2031-01-01T00:00:00Z" }], "dateModified": "soon" }),
            json!({ "dateModified": { "dateModified": "2032-01-01T00:00:00Z" }, "at": "2033-01-01T00:00:00Z" }),
        ];
        let members = json!({ "front": { "dateModified": "2034-01-01T00:00:00Z" } });
        let (list, latest) = written(&items, members.clone());
        assert_eq!(latest, Some(UtcTime::parse(new).unwrap().to_string()));
        assert_eq!((&list["items"], &list["front"]), (&json!(items), &members["front"]));
        assert_eq!(items.iter().filter_map(changed_at).max().map(|at| at.to_string()), latest);
        assert_eq!(written(&[], json!({})).1, None);
    }
}
