//! The OpenAPI document itself: complete, valid, and the same as the file in the repository.

use std::collections::BTreeSet;

use khabar::auth::actions::POLICY;
use serde_json::Value;

use crate::support::document::{document, operations, references, schemas};
use crate::support::snapshot::assert_snapshot;

#[test]
fn the_file_in_the_repository_is_what_the_code_makes() {
    let text = serde_json::to_string_pretty(document()).unwrap() + "\n";
    assert_snapshot("openapi/openapi.json", &text);
}

#[test]
fn it_is_a_valid_openapi_3_1_document() {
    assert!(document()["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document()["info"]["title"].is_string() && document()["info"]["version"].is_string());
    for target in references(document()) {
        let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} leads out of the document"));
        assert!(document().pointer(pointer).is_some(), "{target} leads nowhere");
    }
    for (name, schema) in schemas() {
        let components = serde_json::json!({ "components": document()["components"] });
        let mut root = schema.clone();
        root.as_object_mut().unwrap().extend(components.as_object().unwrap().clone());
        if let Err(error) = jsonschema::draft202012::new(&root) {
            panic!("{name} is no JSON Schema: {error}");
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for operation in operations() {
        let words = operation.id.split('_').count();
        assert!(words > 1, "{} {}: `{}` is not verb_noun", operation.method, operation.path, operation.id);
        assert!(names.insert(&operation.id), "{} twice", operation.id);
    }
}

#[test]
fn the_parameters_of_a_path_are_declared_once_each() {
    for operation in operations() {
        let named: BTreeSet<&str> =
            operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation.value["parameters"].as_array().cloned().unwrap_or_default();
        let key = |p: &Value| (p["in"].as_str().unwrap().to_owned(), p["name"].as_str().unwrap().to_owned());
        let declared: Vec<_> = parameters.iter().map(key).collect();
        let in_path: BTreeSet<&str> = declared.iter().filter(|(at, _)| at == "path").map(|(_, name)| &**name).collect();
        assert_eq!(in_path, named, "{}", operation.id);
        assert_eq!(declared.iter().collect::<BTreeSet<_>>().len(), declared.len(), "{}: one twice", operation.id);
        for parameter in &parameters {
            let name = &parameter["name"];
            assert!(parameter["schema"].is_object(), "{} {name}: no schema", operation.id);
            assert!(is_said(&parameter["description"]), "{} {name}: no description", operation.id);
            assert!(parameter["in"] != "path" || parameter["required"] == true, "{} {name}", operation.id);
        }
    }
}

fn is_said(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[test]
fn every_operation_says_what_it_does_shows_an_answer_and_names_its_refusals() {
    for operation in operations() {
        let (id, value) = (&operation.id, &operation.value);
        let summary = value["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{id}: summary {summary:?}");
        assert!(is_said(&value["description"]), "{id}: no description");
        assert!(value["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{id}: one tag");
        let responses = value["responses"].as_object().unwrap();
        let good: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with('2')).collect();
        assert!(!good.is_empty(), "{id}: no good end");
        for (status, response) in good {
            assert!(is_said(&response["description"]), "{id} {status}: no description");
            let media = response["content"].as_object().into_iter().flatten();
            for (_, media) in media.filter(|(kind, _)| kind.ends_with("json")) {
                let example = media.get("example");
                assert!(example.is_some(), "{id} {status}: no example");
            }
        }
        assert!(responses.keys().any(|status| status.starts_with('4')), "{id}: no refusals");
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with('4')) {
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{id} {status}");
        }
        let tag = value["tags"][0].as_str().unwrap();
        let known = document()["tags"].as_array().unwrap();
        assert!(known.iter().any(|known| known["name"] == tag), "{id}: {tag} is not described");
    }
}

#[test]
fn every_example_is_as_its_schema_says() {
    let mut checked = 0;
    for operation in operations() {
        let body = operation.value.get("requestBody");
        let answers = operation.value["responses"].as_object().unwrap().values();
        for content in body.into_iter().chain(answers).filter_map(|part| part["content"].as_object()) {
            for (kind, media) in
                content.iter().filter(|(kind, media)| kind.ends_with("json") && media.get("example").is_some())
            {
                let root = serde_json::json!({ "allOf": [media["schema"]], "components": document()["components"] });
                let validator = jsonschema::draft202012::new(&root).unwrap();
                let errors: Vec<String> = validator
                    .iter_errors(&media["example"])
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{} {kind}: {}", operation.id, errors.join("; "));
                checked += 1;
            }
        }
    }
    assert!(checked > operations().len() / 2);
}

#[test]
fn the_newsroom_is_guarded_and_every_permission_is_of_the_policy() {
    for operation in operations() {
        let is_newsroom = operation.path.starts_with("/api/v1/newsroom/");
        assert!(!is_newsroom || operation.permission.is_some(), "{} has no permission", operation.id);
        let has_security = operation.value.get("security").is_some();
        assert_eq!(
            has_security,
            operation.permission.is_some(),
            "{}: security and permission go together",
            operation.id
        );
        if let Some(permission) = &operation.permission {
            assert!(POLICY.iter().any(|(name, _)| name == permission), "{}: {permission} is unknown", operation.id);
        }
        let is_change = is_newsroom && matches!(&*operation.method, "PATCH" | "PUT" | "DELETE");
        if is_change && operation.value.get("x-unconditional").is_none() {
            let parameters = operation.value["parameters"].as_array().unwrap();
            assert!(parameters.iter().any(|p| p["name"] == "If-Match"), "{} needs If-Match", operation.id);
        }
    }
}

#[test]
fn every_property_is_described() {
    let mut missing = Vec::new();
    for (name, schema) in schemas() {
        for (property, value) in schema["properties"].as_object().into_iter().flatten() {
            let choices = value["oneOf"].as_array().into_iter().flatten();
            let own = choices.chain([value]).any(|one| is_said(&one["description"]));
            let refers = value.to_string().contains("$ref");
            let plain = ["items", "page"].contains(&property.as_str()) || name == "Problem";
            if !own && !refers && !plain {
                missing.push(format!("{name}.{property}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
