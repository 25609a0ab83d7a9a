//! The OpenAPI document as the tests read it, apart from how the server does.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use actix_web::http::header::HeaderMap;
use actix_web::web;
use jsonschema::{Draft, Validator};
use khabar::http::Contract;
use serde_json::{Map, Value, json};

use super::Raw;

/// One operation of the document.
pub struct Operation {
    pub id: String,
    /// In capitals.
    pub method: String,
    pub path: String,
    /// `x-permission`.
    pub permission: Option<String>,
    pub value: Value,
}

impl Operation {
    pub fn has_body(&self) -> bool {
        self.value.get("requestBody").is_some()
    }

    /// How many segments of a path are literally the template's; `None` when it does not fit.
    fn fits(&self, path: &str) -> Option<usize> {
        let (template, given): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), path.split('/').collect());
        let fits = |(wanted, given): &(&&str, &&str)| (wanted.starts_with('{') && !given.is_empty()) || wanted == given;
        let pairs = || template.iter().zip(&given);
        (template.len() == given.len() && pairs().all(|pair| fits(&pair)))
            .then(|| pairs().filter(|(a, b)| a == b).count())
    }
}

/// The document that the code makes.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(khabar::openapi::document)
}

/// What the server checks requests with; compiled schemas are shared by all tests.
pub fn contract() -> web::Data<Contract> {
    contract_once().clone()
}

fn contract_once() -> &'static web::Data<Contract> {
    static CONTRACT: OnceLock<web::Data<Contract>> = OnceLock::new();
    CONTRACT.get_or_init(|| web::Data::new(Contract::new(document().to_string().leak()).unwrap()))
}

/// Every operation, in the document's order.
pub fn operations() -> &'static [Operation] {
    static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();
    OPERATIONS.get_or_init(|| {
        let of_path = |(path, item): (&String, &Value)| {
            let path = path.clone();
            let operation = move |(method, value): (&String, &Value)| Operation {
                id: value["operationId"].as_str().unwrap_or_default().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                permission: value["x-permission"].as_str().map(String::from),
                value: value.clone(),
            };
            item.as_object().unwrap().iter().map(operation).collect::<Vec<_>>()
        };
        document()["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
    })
}

/// The operation that a request is for; a literal segment is meant before a parameter.
pub fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    let method = if method == "HEAD" { "GET" } else { method };
    let of_method = operations().iter().filter(|operation| operation.method == method);
    of_method
        .filter_map(|operation| Some((operation.fits(path)?, operation)))
        .max_by_key(|(fit, _)| *fit)
        .map(|(_, o)| o)
}

/// Every operation and status that any test has seen so far.
pub fn seen() -> &'static Mutex<BTreeSet<(String, u16)>> {
    static SEEN: OnceLock<Mutex<BTreeSet<(String, u16)>>> = OnceLock::new();
    SEEN.get_or_init(Mutex::default)
}

/// Notes what was seen; `TEST_COVERAGE=file` collects it for a look at what was not.
fn note(id: &str, status: u16) {
    use std::io::Write as _;
    let fresh = seen().lock().unwrap().insert((id.to_owned(), status));
    if let (true, Some(file)) = (fresh, std::env::var_os("TEST_COVERAGE")) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{id} {status}").unwrap();
    }
}

/// The answer is one that the document promises.
pub fn check(method: &str, target: &str, raw: &Raw) -> Result<(), String> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    headers(raw)?;
    let operation = operation(method, path);
    if let Some(operation) = operation {
        note(&operation.id, raw.status);
        let responses = &operation.value["responses"];
        let fallback = || responses.get("default").filter(|_| raw.status >= 500);
        let response = responses.get(raw.status.to_string()).or_else(fallback);
        let response = response.ok_or_else(|| format!("{} does not promise {}", operation.id, raw.status))?;
        if method == "HEAD" {
            return Ok(());
        }
        if (400..500).contains(&raw.status) {
            refusal(operation, raw)?;
        }
        let partial = query.split('&').any(|pair| pair.starts_with("fields="));
        return body(&operation.id, response, raw, partial);
    }
    match raw.status {
        // The interactive page is for people.
        200..=399 if path.starts_with("/docs") || method == "OPTIONS" => Ok(()),
        400..=499 if method == "HEAD" => Ok(()),
        400..=499 => problem(raw),
        status => Err(format!("no operation, and {status}")),
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What every answer has, and what its status asks for.
fn headers(raw: &Raw) -> Result<(), String> {
    let has = |name: &str| header(&raw.headers, name).is_some();
    let wanted: &[&str] = match raw.status {
        201 | 202 | 308 => &["location"],
        401 => &["www-authenticate"],
        405 => &["allow"],
        412 => &["etag"],
        503 | 429 => &["retry-after"],
        _ => &[],
    };
    let always = [
        "x-request-id",
        "x-content-type-options",
        "cache-control",
        "content-security-policy",
        "referrer-policy",
        "cross-origin-resource-policy",
    ];
    match always.iter().chain(wanted).find(|name| !has(name)) {
        Some(name) => Err(format!("{} without {name}", raw.status)),
        None => Ok(()),
    }
}

fn media_type(raw: &Raw) -> &str {
    header(&raw.headers, "content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

fn body(id: &str, response: &Value, raw: &Raw, partial: bool) -> Result<(), String> {
    let Some(content) = response["content"].as_object().filter(|content| !content.is_empty()) else {
        return if raw.bytes.is_empty() { Ok(()) } else { Err(format!("{} with a body", raw.status)) };
    };
    if raw.status >= 400 {
        problem(raw)?;
    }
    let kind = media_type(raw);
    let media = content.get(kind).ok_or_else(|| format!("{id} {} does not promise `{kind}`", raw.status))?;
    if !kind.ends_with("json") {
        return Ok(());
    }
    let name = format!("{id} {} {partial}", raw.status);
    conforms(&name, &media["schema"], raw, partial)
}

/// A refusal is a problem, whoever made it.
fn problem(raw: &Raw) -> Result<(), String> {
    if media_type(raw) != "application/problem+json" {
        return Err(format!("{} as `{}`", raw.status, media_type(raw)));
    }
    conforms("Problem", &json!({ "$ref": "#/components/schemas/Problem" }), raw, false)?;
    let value: Value = serde_json::from_slice(&raw.bytes).unwrap();
    let told = header(&raw.headers, "x-request-id");
    if value["status"] != raw.status || value["requestId"].as_str() != told {
        return Err("the problem and the answer disagree about status or request id".into());
    }
    Ok(())
}

/// Each code that an operation answers is one of those that it promises, which its description explains.
fn refusal(operation: &Operation, raw: &Raw) -> Result<(), String> {
    let value: Value = serde_json::from_slice(&raw.bytes).unwrap_or_default();
    let code = value["code"].as_str().unwrap_or_default();
    let promised = operation.value["x-refusals"].as_array().unwrap();
    if promised.iter().any(|word| word == code) {
        return Ok(());
    }
    Err(format!("{} does not promise `{code}` ({})", operation.id, raw.status))
}

fn conforms(name: &str, schema: &Value, raw: &Raw, partial: bool) -> Result<(), String> {
    if raw.headers.contains_key("content-encoding") {
        // A test that asks for a coding holds it against the same answer without one.
        return Ok(());
    }
    let value: Value = serde_json::from_slice(&raw.bytes).map_err(|error| format!("no JSON: {error}"))?;
    let validator = validator(name, schema, partial);
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if errors.is_empty() { Ok(()) } else { Err(format!("not as {name} promises: {}", errors.join("; "))) }
}

fn validator(name: &str, schema: &Value, partial: bool) -> Arc<Validator> {
    static VALIDATORS: OnceLock<Mutex<HashMap<String, Arc<Validator>>>> = OnceLock::new();
    let mut known = VALIDATORS.get_or_init(Mutex::default).lock().unwrap();
    let make = || {
        let mut root = json!({ "allOf": [schema], "components": document()["components"] });
        if partial {
            optional(&mut root);
        }
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        Arc::new(options.build(&root).unwrap_or_else(|error| panic!("the schema of {name}: {error}")))
    };
    Arc::clone(known.entry(name.to_owned()).or_insert_with(make))
}

/// The same schema with nothing required, as `fields=` leaves things out.
fn optional(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("required").is_some_and(Value::is_array) {
                members.remove("required");
            }
            members.values_mut().for_each(optional);
        }
        Value::Array(values) => values.iter_mut().for_each(optional),
        _ => {}
    }
}

/// Every `$ref` below a value.
pub fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value.as_str().filter(|_| name == "$ref") {
                Some(target) => vec![target],
                None => references(value),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// The schemas of the document by name.
pub fn schemas() -> &'static Map<String, Value> {
    document()["components"]["schemas"].as_object().unwrap()
}

/// An event is as the document promises it to those who are told.
pub fn check_event(topic: &str, event: &Value) {
    let pointer = format!("/webhooks/{topic}/post/requestBody/content/application~1json/schema");
    let Some(schema) = document().pointer(&pointer) else {
        panic!("{topic} is in the log and not in the document");
    };
    let validator = validator(topic, schema, false);
    let errors: Vec<String> =
        validator.iter_errors(event).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{topic} is not as promised: {}\n{event:#}", errors.join("; "));
}
