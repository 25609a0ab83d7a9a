//! Bodies: read up to a limit, checked whole against their schema, and only then turned into a type.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::contract::Contract;
use super::json;
use crate::app::App;
use crate::fault::Fault;
use crate::problem::{Code, Problem};
use crate::text::Lang;
use crate::text::nearest::nearest;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// What is drained of a body that is too large, so that the client gets to read the answer.
const DRAINED_BYTES: usize = 32 * 1024 * 1024;

/// The body of a POST or PUT, and the hash of its bytes. An empty body stands for `{}`.
#[derive(Clone, Debug)]
pub struct Input<T> {
    /// The body.
    pub value: T,
    /// SHA-256 of the bytes that were sent.
    pub digest: [u8; 32],
}

impl<T> Input<T> {
    /// Makes something else of the body, for whatever digest it has.
    pub fn map<U>(self, work: impl FnOnce(T) -> U) -> Input<U> {
        let Self { value, digest } = self;
        Input { value: work(value), digest }
    }
}

impl<T: Send + 'static> Input<T> {
    /// Makes of the body what takes time and no database: beside the worker that asks, and before anything waits for its
    /// turn to be written.
    ///
    /// # Errors
    /// `unavailable` if too much waits already; and those of the work.
    pub async fn ready<U, F>(self, app: &App, work: F) -> Result<Input<U>, Problem>
    where
        U: Send + 'static,
        F: FnOnce(T) -> Result<U, Problem> + Send + 'static,
    {
        let Self { value, digest } = self;
        let value = app.aside().run(move || work(value)).await??;
        Ok(Input { value, digest })
    }
}

/// A body without fields, for actions that need nothing said.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// A JSON Merge Patch (RFC 7396) to a resource whose writable form is `T`.
#[derive(Clone, Debug)]
pub struct Patch<T> {
    changes: Value,
    contract: web::Data<Contract>,
    into: std::marker::PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned + ToSchema> Patch<T> {
    /// A patch that did not come by HTTP.
    pub const fn of(patch: Value, contract: web::Data<Contract>) -> Self {
        Self { changes: patch, contract, into: std::marker::PhantomData }
    }

    /// The present form with the patch applied, checked like any new one.
    pub fn apply(&self, present: &T) -> Result<T, Problem> {
        let mut merged = serde_json::to_value(present)?;
        merge(&mut merged, &self.changes);
        parse(&self.contract, merged)
    }

    /// Takes out a text that comes with the patch and is no part of the form, such as a note on it.
    pub fn take_text(&mut self, field: &str) -> Result<Option<String>, Problem> {
        match self.changes.as_object_mut().and_then(|changes| changes.shift_remove(field)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::field(format!("/{field}"), Fault::WrongType("string".into()))),
        }
    }

    /// Whether the patch speaks of a field.
    pub fn mentions(&self, field: &str) -> bool {
        self.changes.get(field).is_some()
    }
}

/// RFC 7396, but for a `null` at the top that removes nothing: it stays, for the schema to refuse if there is no such
/// field. Further down there are maps, whose members anybody may name.
fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (&mut *target, patch) else {
        *target = patch.clone();
        return;
    };
    for (name, value) in patch {
        match target.get_mut(name) {
            Some(_) if value.is_null() => drop(target.remove(name)),
            Some(present) => merge_below(present, value),
            None => merge_below(target.entry(name.clone()).or_insert(Value::Null), value),
        }
    }
}

/// RFC 7396 to the letter.
fn merge_below(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge_below(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// A body's type, or every way in which the body is not of it.
pub fn parse<T: DeserializeOwned + ToSchema>(contract: &Contract, body: Value) -> Result<T, Problem> {
    contract.check_body(&T::name(), &body).map_err(|problem| named_nearest::<T>(contract, problem))?;
    // What the schema lets pass and the type does not is a format, such as an instant's.
    serde_path::<T>(body)
}

fn serde_path<T: DeserializeOwned>(body: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let pointer: String = error
            .path()
            .iter()
            .map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
                serde_path_to_error::Segment::Map { key } => format!("/{key}"),
                _ => String::new(),
            })
            .collect();
        Problem::field(pointer, named_format(&error.inner().to_string()))
    })
}

/// The fault whose sentence or code a type gave as its reason.
pub(super) fn named_format(reason: &str) -> Fault {
    let known = [Fault::NotALanguage, Fault::NotAnInstant, Fault::NotATimeZone, Fault::NotAnId];
    let named = known.into_iter().find(|fault| reason == fault.code() || reason == fault.detail(Lang::En));
    named.unwrap_or(Fault::BadFormat("as /openapi.json describes it".into()))
}

/// Adds «did you mean» to unknown fields at the top.
fn named_nearest<T: ToSchema>(contract: &Contract, mut problem: Problem) -> Problem {
    let names = contract.properties(&T::name());
    for error in &mut problem.errors {
        if let Fault::UnknownField(near) = &mut error.fault {
            let name = error.pointer.rsplit('/').next().unwrap_or_default();
            *near = nearest(name, names.iter().copied()).map(String::from);
        }
    }
    problem
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Input<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload, &["application/json"]).await?;
            let body = if bytes.is_empty() { Value::Object(serde_json::Map::new()) } else { json::read(&bytes)? };
            let value = parse(contract(&request)?, body)?;
            Ok(Self { value, digest: Sha256::digest(&bytes).into() })
        })
    }
}

impl<T: 'static> FromRequest for Patch<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload, &["application/merge-patch+json", "application/json"]).await?;
            let patch = json::read(&bytes)?;
            if !patch.is_object() {
                return Err(Problem::field("", Fault::WrongType("object".into())));
            }
            Ok(Self { changes: patch, contract: contract(&request)?.clone(), into: std::marker::PhantomData })
        })
    }
}

fn contract(request: &HttpRequest) -> Result<&web::Data<Contract>, Problem> {
    request.app_data().ok_or_else(|| Problem::internal("the contract is not set up"))
}

/// Reads a body up to the limit, and looks at what its headers say of it.
async fn read(request: &HttpRequest, payload: Payload, types: &[&str]) -> Result<Vec<u8>, Problem> {
    let limit = request.app_data::<web::Data<App>>().map_or(0, |app| app.config().http.body_limit_bytes);
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (bytes, seen) = arrived(payload, limit, BODY_PATIENCE).await?;
    let announced = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
    if seen.max(announced) > limit {
        return Err(Problem::new(Code::TooLarge).with("limitBytes", limit));
    }
    let coded = text(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    let media_type = text(CONTENT_TYPE).map(|value| value.split(';').next().unwrap_or_default().trim().to_lowercase());
    let taken = media_type.is_some_and(|given| types.contains(&given.as_str()));
    if coded || (!taken && !bytes.is_empty()) {
        return Err(Problem::new(Code::UnsupportedMediaType));
    }
    Ok(bytes)
}

/// The bytes of a body up to a limit, and how many there were in all. The time is for the whole of it: who sends a byte now and
/// then has no more of it than others.
async fn arrived(mut payload: Payload, limit: usize, patience: Duration) -> Result<(Vec<u8>, usize), Problem> {
    let (mut bytes, mut seen) = (Vec::new(), 0_usize);
    let late = Instant::now() + patience;
    while let Some(chunk) = timeout_at(late, payload.next()).await.map_err(|_| Problem::new(Code::TooSlow))? {
        let chunk = chunk.map_err(|_| Problem::new(Code::Malformed))?;
        seen += chunk.len();
        if seen <= limit {
            bytes.extend_from_slice(&chunk);
        } else if seen > DRAINED_BYTES {
            break;
        }
    }
    Ok((bytes, seen))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::stream;
    use proptest::prelude::*;
    use serde_json::json;

    /// A body of which a byte comes now and then, without end.
    fn dripped(pause: Duration) -> Payload {
        let drops = stream::unfold((), move |()| async move {
            tokio::time::sleep(pause).await;
            Some((Ok(bytes::Bytes::from_static(b" ")), ()))
        });
        Payload::Stream { payload: Box::pin(drops) }
    }

    #[actix_web::test]
    async fn a_body_has_its_time_however_it_comes() {
        let patience = Duration::from_millis(200);
        for pause in [Duration::from_millis(5), Duration::from_secs(3_600)] {
            let began = Instant::now();
            let late = arrived(dripped(pause), usize::MAX, patience).await.unwrap_err();
            assert_eq!(late.code, Code::TooSlow);
            assert!((patience..patience * 20).contains(&began.elapsed()), "{:?}", began.elapsed());
        }
        let whole = stream::iter([b"{", b"}"]).map(|part| Ok(bytes::Bytes::from_static(part)));
        let whole = arrived(Payload::Stream { payload: Box::pin(whole) }, 1, patience).await.unwrap();
        assert_eq!(whole, (b"{".to_vec(), 2), "what is beyond the limit is counted and not kept");
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let mut target = json!({ "a": 1, "b": { "c": 2, "d": 3 }, "e": [1, 2] });
        merge(&mut target, &json!({ "a": null, "b": { "d": 4 }, "e": [3], "f": null }));
        assert_eq!(target, json!({ "b": { "c": 2, "d": 4 }, "e": [3], "f": null }));
    }

    /// What a field holds, where `null` and absence are one.
    fn held(value: &Value) -> Value {
        match value {
            Value::Object(map) => map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), held(v))).collect(),
            other => other.clone(),
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i32>().prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn patching_twice_is_patching_once(mut target in value(), patch in value()) {
            merge(&mut target, &patch);
            let once = held(&target);
            merge(&mut target, &patch);
            prop_assert_eq!(held(&target), once);
        }

        #[test]
        fn an_empty_patch_changes_no_object(mut target in value()) {
            prop_assume!(target.is_object());
            let before = target.clone();
            merge(&mut target, &json!({}));
            prop_assert_eq!(target, before);
        }
    }
}
