//! The OpenAPI document: collected from every room's routes, then completed with what holds for all of them,
//! so that no handler says it again: the refusals of each operation, the headers, the patch forms.

mod refusals;

use actix_web::web;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use self::refusals::{headers, problem_schema, refusals};
use crate::events::Kind;
use crate::http::{Described, REPETITIONS_MAX, Routes};
use crate::server;
use crate::{
    alerts, articles, auth, collections, comments, keys, oidc, push, readership, records, site, users, webhooks,
};

/// The document as it is served, which a test holds against what the code makes: a build of it at each start would
/// take more time and memory than all else.
pub const TEXT: &str = include_str!("../openapi/openapi.json");

/// Where references to schemas point.
const SCHEMAS: &str = "#/components/schemas/";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Khabar",
        description = "A headless CMS API for newsrooms. Delivery (`/api/v1/…`) answers what is published now; \
            the newsroom (`/api/v1/newsroom/…`) works on drafts and needs a token. Times are RFC 3339 UTC, ids \
            UUIDv7, errors RFC 9457.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "articles", description = "What is published, and the work that leads there."),
        (name = "alerts", description = "Breaking news."),
        (name = "stories", description = "What alerts and articles tell of one event."),
        (name = "collections", description = "Front pages, put together by hand and by rule."),
        (name = "push", description = "Breaking news on browsers that are closed."),
        (name = "comments", description = "What readers say."),
        (name = "sources", description = "Where the news comes from."),
        (name = "sections", description = "The tree that articles are filed in."),
        (name = "tags", description = "Subjects, people, organisations and places."),
        (name = "authors", description = "Whose names stand above articles."),
        (name = "site", description = "The publication itself."),
        (name = "accounts", description = "Signing in, and the own account."),
        (name = "users", description = "Everybody's accounts."),
        (name = "events", description = "What changes, as it changes."),
        (name = "audit", description = "Who did what, and who was refused."),
        (name = "api keys", description = "What programs show instead of a password."),
        (name = "webhooks", description = "Events on their way to partners."),
        (name = "operation", description = "Health and documentation."),
    )
)]
struct Khabar;

/// Adds every route to an application, and the page that explains them, which needs nothing from elsewhere.
pub fn mount(config: &mut web::ServiceConfig) {
    server::routes(&mut Routes::serving(config));
    config.service(web::redirect("/docs", "/docs/"));
    config.service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json").validator_url("none")));
}

/// Everything that the log may be told, room by room.
const EVENTS: &[&[Kind]] = &[
    alerts::EVENTS,
    articles::EVENTS,
    collections::EVENTS,
    comments::EVENTS,
    comments::SANCTION_EVENTS,
    comments::WORD_EVENTS,
    comments::HOOK_EVENTS,
    comments::badges::EVENTS,
    push::EVENTS,
    readership::EVENTS,
    records::EVENTS,
    site::EVENTS,
    users::EVENTS,
    users::invitations::EVENTS,
    users::factors::EVENTS,
    auth::EVENTS,
    webhooks::EVENTS,
    keys::EVENTS,
    oidc::EVENTS,
];

/// The whole document, as the code makes it.
pub fn document() -> Value {
    let described = described();
    let mut api = Khabar::openapi();
    api.paths = described.paths;
    api.components.get_or_insert_default().schemas.extend(described.schemas);
    let mut document = serde_json::to_value(api).unwrap_or_default();
    describe_events(&mut document);
    complete(&mut document);
    document
}

/// What every handler says of itself.
fn described() -> Described {
    let mut described = Described::default();
    // A router that serves nobody: only with one do handlers say what they are.
    drop(actix_web::App::new().configure(|config| server::routes(&mut Routes::describing(config, &mut described))));
    described
}

/// Says what each event looks like to those who are told: one webhook for each type, as OpenAPI has it for what is sent
/// unasked. Streams send the same. Who registers an endpoint names types among these.
fn describe_events(document: &mut Value) {
    let mut told = Map::new();
    let mut parts = Vec::new();
    for kind in EVENTS.iter().copied().flatten() {
        (kind.parts)(&mut parts);
        parts.push(((kind.name)().into_owned(), (kind.schema)()));
        let data = json!({ "$ref": format!("{SCHEMAS}{}", (kind.name)()) });
        let data = json!({ "anyOf": [data, { "$ref": format!("{SCHEMAS}TruncatedEvent") }] });
        let only = json!({ "properties": { "type": { "const": kind.topic }, "data": data } });
        let schema = json!({ "allOf": [{ "$ref": format!("{SCHEMAS}EventView") }, only] });
        let operation = json!({
            "tags": ["events"],
            "summary": kind.topic,
            "description": kind.about,
            "operationId": kind.topic,
            "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
            "responses": { "2XX": { "description": "Taken. Anything else is tried again." } },
        });
        told.insert(kind.topic.to_owned(), json!({ "post": operation }));
    }
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.insert("TruncatedEvent".into(), truncated_schema());
        for (name, schema) in parts {
            schemas.entry(name).or_insert_with(|| serde_json::to_value(schema).unwrap_or_default());
        }
    }
    let topics: Vec<&String> = told.keys().filter(|topic| *topic != webhooks::TEST).collect();
    let asked = document.pointer_mut("/components/schemas/WebhookIn/properties/topics/items");
    if let Some(item) = asked.and_then(Value::as_object_mut) {
        item.insert("enum".into(), json!(topics));
    }
    if let Some(document) = document.as_object_mut() {
        document.insert("webhooks".into(), told.into());
    }
}

fn truncated_schema() -> Value {
    json!({
        "type": "object",
        "description": "In the place of what would make a message to a webhook 20,000 bytes long: get the target instead.",
        "required": ["truncated"],
        "properties": { "truncated": { "type": "boolean", "const": true, "description": "Always.", "example": true } },
        "additionalProperties": false,
    })
}

/// Says what holds for every operation.
fn complete(document: &mut Value) {
    let mut patched = Vec::new();
    for (path, item) in members(document, "paths") {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            patched.extend(patch_body(operation));
            bound_lists(operation);
            headers(path, method, operation);
            refusals(path, method, operation);
            order(operation);
        }
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        let what = "An access token from `POST /api/v1/auth/login`, or the API key of a program (`kh_…`).";
        let bearer = json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": what });
        components.insert("securitySchemes".into(), json!({ "bearer": bearer }));
        if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
            schemas.insert("Problem".into(), problem_schema());
            flatten(schemas);
            // Without it, a validator takes a closed schema for one that nothing fits, and can't say what is wrong.
            for schema in schemas.values_mut().filter_map(Value::as_object_mut) {
                if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
                    schema.entry("properties").or_insert_with(|| json!({}));
                }
            }
            for name in patched {
                let patch = schemas.get(&name).map(|schema| patch_schema(schema, schemas)).unwrap_or_default();
                schemas.insert(patch_name(&name), patch);
            }
        }
    }
    examples(document);
}

/// Puts the extensions last and in order: utoipa keeps them in a hash map, and the file must not change by itself.
fn order(operation: &mut Value) {
    let Some(operation) = operation.as_object_mut() else { return };
    let mut names: Vec<String> = operation.keys().filter(|name| name.starts_with("x-")).cloned().collect();
    names.sort_unstable();
    for name in names {
        if let Some(value) = operation.shift_remove(&name) {
            operation.insert(name, value);
        }
    }
}

fn members<'v>(value: &'v mut Value, name: &str) -> impl Iterator<Item = (&'v String, &'v mut Value)> {
    value.get_mut(name).and_then(Value::as_object_mut).into_iter().flatten()
}

/// Makes one object of each schema that is put together by `allOf`, as Rust's flattened fields are: closed parts
/// can't be met together, since each refuses what the others have.
fn flatten(schemas: &mut Map<String, Value>) {
    let parts = schemas.clone();
    for schema in schemas.values_mut() {
        let Some(all) = schema.get("allOf").and_then(Value::as_array).cloned() else { continue };
        let mut properties = Map::new();
        let mut required = Vec::new();
        for part in &all {
            let name = part.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix(SCHEMAS));
            let part = name.and_then(|name| parts.get(name)).unwrap_or(part);
            properties.extend(part.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
            required.extend(part.get("required").and_then(Value::as_array).cloned().unwrap_or_default());
        }
        let description = schema.get("description").cloned().unwrap_or_default();
        *schema = json!({
            "type": "object", "description": description, "required": required, "properties": properties,
            "additionalProperties": false,
        });
    }
}

/// Points the body of a PATCH at the patch form of its schema; answers that schema's name.
fn patch_body(operation: &mut Value) -> Option<String> {
    let schema = operation.pointer_mut("/requestBody/content/application~1merge-patch+json/schema/$ref")?;
    let name = schema.as_str()?.rsplit('/').next()?.to_owned();
    *schema = format!("{SCHEMAS}{}", patch_name(&name)).into();
    Some(name)
}

/// `SourceIn` → `SourcePatch`.
fn patch_name(name: &str) -> String {
    format!("{}Patch", name.strip_suffix("In").unwrap_or(name))
}

/// The same properties, none required, each of them removable by `null`, at any depth.
fn patch_schema(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let mut patch = loosened(schema, schemas);
    if let Some(patch) = patch.as_object_mut() {
        patch.insert(
            "description".into(),
            "A JSON Merge Patch (RFC 7396): what is absent stays, `null` removes.".into(),
        );
    }
    patch
}

/// A schema in a patch: objects are merged member by member, all else is replaced whole.
fn loosened(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix(SCHEMAS));
    if let Some(object) = target
        .and_then(|name| schemas.get(name))
        .filter(|schema| schema.get("type").is_some_and(|kind| kind == "object"))
    {
        return loosened(object, schemas);
    }
    let mut loose = schema.clone();
    for choice in loose.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
        *choice = loosened(choice, schemas);
    }
    for (_, property) in members(&mut loose, "properties") {
        *property = removable(loosened(property, schemas));
    }
    if let Some(rest) = loose.get_mut("additionalProperties").filter(|rest| rest.is_object()) {
        *rest = removable(loosened(rest, schemas));
    }
    if let Some(loose) = loose.as_object_mut() {
        loose.remove("required");
    }
    loose
}

/// A schema that takes `null` too.
fn removable(mut schema: Value) -> Value {
    if let Some(kind) = schema.get_mut("type").filter(|kind| kind.is_string()) {
        *kind = json!([kind.take(), "null"]);
    }
    schema
}

/// Says how often a parameter may be repeated.
fn bound_lists(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for schema in parameters.into_iter().flatten().filter_map(|parameter| parameter.get_mut("schema")) {
        if let Some(schema) = schema.as_object_mut().filter(|schema| schema.contains_key("items")) {
            schema.entry("maxItems").or_insert_with(|| REPETITIONS_MAX.into());
        }
    }
}

/// Gives every body an example, put together from those of its schema's properties.
fn examples(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    for (_, item) in members(document, "paths") {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            let request = operation.get_mut("requestBody").into_iter().collect::<Vec<_>>();
            for body in request {
                illustrate(body, &schemas);
            }
            for (_, response) in members(operation, "responses") {
                illustrate(response, &schemas);
            }
        }
    }
}

fn illustrate(body: &mut Value, schemas: &Value) {
    for (_, media) in members(body, "content") {
        let example = media.get("schema").and_then(|schema| example(schema, schemas, &[]));
        if let (Some(media), Some(example)) = (media.as_object_mut(), example) {
            media.entry("example").or_insert(example);
        }
    }
}

/// An example of a schema: its own, or one made of its parts. A schema within itself is left out, and so is an
/// object that lacks what it must have.
fn example(schema: &Value, schemas: &Value, above: &[&str]) -> Option<Value> {
    let below = |schema: &Value| example(schema, schemas, above);
    if let Some(own) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
        return Some(own.clone());
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let name = target.strip_prefix(SCHEMAS).filter(|name| !above.contains(name))?;
        return example(schemas.get(name)?, schemas, &[above, &[name]].concat());
    }
    if let Some(choice) = ["oneOf", "anyOf"].iter().find_map(|word| schema.get(word)?.as_array()) {
        return choice.iter().filter(|one| one.get("type").is_none_or(|kind| kind != "null")).find_map(below);
    }
    if let Some(word) = schema.pointer("/enum/0") {
        return Some(word.clone());
    }
    if let Some(items) = schema.get("items") {
        return Some(Value::Array(below(items).into_iter().collect()));
    }
    if schema.get("additionalProperties").is_some_and(Value::is_object) {
        return Some(json!({}));
    }
    let properties = schema.get("properties")?.as_object()?;
    let made: Map<String, Value> =
        properties.iter().filter_map(|(name, schema)| Some((name.clone(), below(schema)?))).collect();
    let mut required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    required.all(|name| name.as_str().is_some_and(|name| made.contains_key(name))).then_some(Value::Object(made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Facet;
    use crate::events::Visibility;
    use uuid::Uuid;

    /// Schemas are found by their names: of two that share one, the document would have only the last.
    #[test]
    fn no_two_schemas_have_the_same_name() {
        let mut schemas = described().schemas;
        for kind in EVENTS.iter().copied().flatten() {
            (kind.parts)(&mut schemas);
            schemas.push(((kind.name)().into_owned(), (kind.schema)()));
        }
        let mut known = Map::new();
        for (name, schema) in schemas {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(*first, schema, "{name}");
        }
    }

    /// What nobody knows touches everything: a node would forget all that it keeps.
    #[test]
    fn of_every_event_it_is_known_what_it_touches() {
        let payload = json!({ "articleId": Uuid::nil() });
        for kind in EVENTS.iter().copied().flatten() {
            let touched = Facet::touched(kind.topic, Visibility::Newsroom, &payload);
            assert!(!touched.contains(&Facet::All), "{}", kind.topic);
        }
    }
}
