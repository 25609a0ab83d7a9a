//! What a request to an operation must and may say beside its body, and what it is refused for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::SCHEMAS;
use crate::auth::actions::{Action as _, UseAccount, is_grave};
use crate::problem::Code;
use crate::text::Lang;

/// The request headers that an operation reads.
pub(super) fn headers(path: &str, method: &str, operation: &mut Value) {
    let mut wanted = Vec::new();
    if is_conditional(path, method, operation) {
        wanted.push(json!({
            "name": "If-Match", "in": "header", "required": true, "schema": { "type": "string" }, "example": "\"3\"",
            "description": "The `ETag` of the version that the change is based on: 428 without, 412 when stale.",
        }));
    }
    if keeps_answers(method, operation) {
        wanted.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "maxLength": 255 }, "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
            "description": "A repetition with the same key and body gets the first answer again for 24 hours.",
        }));
    }
    if operation.get("x-rate-limit").is_some() {
        wanted.push(json!({
            "name": "Khabar-Key", "in": "header", "required": false,
            "schema": { "type": "string", "format": "password" }, "example": "kh_3q2-7wABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijk",
            "description": "The key of a program through which many people call: its share counts instead of that of its address.",
        }));
    }
    if let (Some(operation), false) = (operation.as_object_mut(), wanted.is_empty()) {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.extend(wanted);
        }
    }
}

/// A change to something that exists in the newsroom names the version it is based on. Not what is beside a resource
/// and has no version: such operations say `x-unconditional`.
fn is_conditional(path: &str, method: &str, operation: &Value) -> bool {
    let one = path.contains('{') || path == "/api/v1/newsroom/site";
    path.starts_with("/api/v1/newsroom/") && one && method != "get" && operation.get("x-unconditional").is_none()
}

/// Whether a repetition with the same `Idempotency-Key` gets the first answer again. Not where that would mean to
/// keep tokens, or where it has no meaning: such operations say `x-no-idempotency`.
fn keeps_answers(method: &str, operation: &Value) -> bool {
    method == "post" && operation.get("x-no-idempotency").is_none()
}

/// The refusals of an operation, and who may call it. What does not follow from the rest, the operation says in `x-refusals`, which
/// has all of them in the end, but for those of the server's own making (5xx).
pub(super) fn refusals(path: &str, method: &str, operation: &mut Value) {
    let permission = operation.get("x-permission").and_then(Value::as_str);
    let (guarded, grave) = (permission.is_some(), permission.is_some_and(is_grave));
    let has_body = operation.get("requestBody").is_some();
    let reads = method == "get";
    let limited = operation.get("x-rate-limit").is_some();
    let is_cursor =
        |parameter: &Value| matches!(parameter.get("name").and_then(Value::as_str), Some("after" | "cursor"));
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let paged = parameters.into_iter().flatten().any(is_cursor);
    let rules: [(bool, &[Code]); 11] = [
        (true, &[Code::Malformed, Code::BadParameter, Code::Unauthenticated, Code::NotAcceptable]),
        (paged, &[Code::BadCursor]),
        (guarded, &[Code::Forbidden]),
        (permission.is_some_and(|name| name != UseAccount::NAME), &[Code::SecondFactorRequired]),
        (grave, &[Code::StepUpRequired]),
        (path.contains('{'), &[Code::NotFound]),
        (path.contains("/articles/{") && !path.contains("/newsroom/"), &[Code::Killed]),
        (limited, &[Code::TooMany]),
        (has_body, &[Code::TooSlow, Code::TooLarge, Code::UnsupportedMediaType, Code::Invalid]),
        (keeps_answers(method, operation), &[Code::KeyReused]),
        (is_conditional(path, method, operation), &[Code::Stale, Code::PreconditionRequired]),
    ];
    let own = operation.get("x-refusals").and_then(Value::as_array).cloned().unwrap_or_default();
    let follows = |code: &Code| rules.iter().any(|(holds, codes)| *holds && codes.contains(code));
    let codes = Code::ALL.iter().filter(|code| follows(code) || own.iter().any(|word| word == code.word()));
    let codes: Vec<Code> = codes.copied().collect();
    let Some(operation) = operation.as_object_mut() else { return };
    if guarded {
        operation.insert("security".into(), json!([{ "bearer": [] }]));
    }
    operation.insert("x-refusals".into(), codes.iter().map(|code| code.word()).collect());
    let Some(responses) = operation.entry("responses").or_insert_with(|| json!({})).as_object_mut() else { return };
    let mut told: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for code in codes {
        let line = format!("{}: `{}`", code.title(Lang::En), code.word());
        told.entry(code.status().as_u16()).or_default().push(line);
    }
    for (status, lines) in told {
        responses.entry(status.to_string()).or_insert_with(|| refusal(&lines.join("; ")));
    }
    let has_end = !responses.values().any(|response| response.pointer("/content/text~1event-stream").is_some());
    if reads && has_end {
        responses.insert("304".into(), json!({ "description": "The caller has this version already." }));
    }
    responses.insert("default".into(), refusal("Another problem, such as `unavailable` with `Retry-After`"));
}

fn refusal(description: &str) -> Value {
    let schema = json!({ "$ref": format!("{SCHEMAS}Problem") });
    json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
}

pub(super) fn problem_schema() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457). Further members depend on `code`; `/problems/{code}` explains each.",
        "required": ["type", "title", "status", "code", "instance", "requestId"],
        "properties": {
            "type": { "type": "string", "example": "/problems/invalid" },
            "title": { "type": "string", "description": "In the language of `Accept-Language`.", "example": Code::Invalid.title(Lang::En) },
            "status": { "type": "integer", "example": 422 },
            "code": { "type": "string", "enum": codes, "example": "invalid" },
            "detail": { "type": "string", "example": "This field is required." },
            "instance": { "type": "string", "example": "/api/v1/newsroom/articles" },
            "requestId": { "type": "string", "example": "0192f3a4-5b6c-7d8e-9f01-23456789abcd" },
            "errors": {
                "type": "array",
                "description": "Every bad field or parameter.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "detail"],
                    "additionalProperties": false,
                    "properties": {
                        "pointer": { "type": "string", "description": "A JSON Pointer into the body, or the parameter's name.", "example": "/headline" },
                        "code": { "type": "string", "example": "required" },
                        "detail": { "type": "string", "example": "This field is required." },
                    },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::described;

    #[test]
    fn what_an_operation_says_that_it_is_refused_for_is_a_code() {
        let paths = serde_json::to_value(described().paths).unwrap_or_default();
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        let mut named = 0;
        let items = paths.as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object());
        for operation in items.flat_map(|item| item.values()) {
            for word in operation.get("x-refusals").and_then(Value::as_array).into_iter().flatten() {
                assert!(known.contains(&word.as_str().unwrap_or_default()), "{}: {word}", operation["operationId"]);
                named += 1;
            }
        }
        assert!(named > 50, "{named}");
    }
}
