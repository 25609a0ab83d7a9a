//! The OpenAPI document at work: it decides which parameters a request may have, whether a body has the right
//! shape, and which methods a path knows. So the document can't promise what the code does not keep.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::dev::ResourceDef;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::fault::{Fault, FieldError};
use crate::problem::{Code, ERRORS_MAX, Problem};
use crate::text::nearest::nearest;

/// How often a parameter may be repeated: a statement grows with each.
pub const REPETITIONS_MAX: usize = 50;

const JSON: &str = "application/json";

/// A query parameter as the document declares it.
#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    schema: Value,
}

impl Parameter {
    fn repeats(&self) -> bool {
        may_be(&self.schema, "array")
    }

    /// A value as JSON, if it reads as the declared type; as text otherwise, for the schema to refuse.
    fn value(&self, text: &str) -> Value {
        let parsed = if may_be(&self.schema, "integer") {
            text.parse::<i64>().ok().map(Value::from)
        } else if may_be(&self.schema, "boolean") {
            text.parse::<bool>().ok().map(Value::from)
        } else {
            None
        };
        parsed.unwrap_or_else(|| text.into())
    }
}

/// An operation as the document declares it.
#[derive(Clone, Debug)]
struct Operation {
    /// Its name.
    id: String,
    parameters: Vec<Parameter>,
    /// The media types of its good answers.
    produces: Vec<String>,
}

/// The document, indexed for the questions that requests ask. Of the document itself only its text is kept, and its
/// schemas: the rest of it takes ten times the memory and nobody asks for it.
pub struct Contract {
    text: String,
    /// By name.
    schemas: Map<String, Value>,
    /// By method and path.
    operations: HashMap<(String, String), Operation>,
    /// Every path with its methods.
    paths: Vec<(ResourceDef, String)>,
    /// By schema name, compiled when first needed.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    /// Indexes a document.
    pub fn new(document: &Value) -> Self {
        let mut operations = HashMap::new();
        let mut paths = Vec::new();
        for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            let mut methods = Vec::new();
            for (method, operation) in item.as_object().into_iter().flatten() {
                let method = method.to_uppercase();
                operations.insert((method.clone(), path.clone()), declared(operation));
                if method == "GET" {
                    methods.push("HEAD".to_owned());
                }
                methods.push(method);
            }
            paths.push((ResourceDef::new(path.as_str()), methods.join(", ")));
        }
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
        Self { text: document.to_string(), schemas, operations, paths, validators: Mutex::new(HashMap::new()) }
    }

    /// The document itself, as JSON.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of a schema's properties, in order.
    pub fn properties(&self, schema: &str) -> Vec<&str> {
        let properties = self.schemas.get(schema).and_then(|schema| schema.get("properties")?.as_object());
        properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    /// The query of a request as JSON. Unknown parameters, repeated ones and wrong values are refused, all at once.
    pub fn query(&self, request: &HttpRequest) -> Result<Map<String, Value>, Problem> {
        let mut query = Map::new();
        if request.query_string().is_empty() {
            return Ok(query);
        }
        let key = operation_of(request);
        let declared = self.operations.get(&key).map_or(&[][..], |operation| &operation.parameters);
        let mut errors = Vec::new();
        for (name, text) in pairs(request.query_string()) {
            let fault = match declared.iter().find(|parameter| parameter.name == name) {
                None => {
                    let names = declared.iter().map(|parameter| parameter.name.as_str());
                    Some(Fault::UnknownField(nearest(&name, names).map(String::from)))
                }
                Some(parameter) => take(&mut query, parameter, &text),
            };
            errors.extend(fault.map(|fault| FieldError { pointer: name, fault }));
            if errors.len() == ERRORS_MAX {
                break;
            }
        }
        let schema = json!({
            "properties": declared.iter().map(|p| (p.name.clone(), p.schema.clone())).collect::<Map<_, _>>(),
        });
        let validator = self.validator(&format!("{} {}", key.0, key.1), &schema)?;
        let wrong = Value::Object(query.clone());
        errors.extend(validator.iter_errors(&wrong).flat_map(|error| faults(&error)).map(|mut error| {
            error.pointer = error.pointer.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
            error
        }));
        if errors.is_empty() { Ok(query) } else { Err(Problem { errors, ..Problem::new(Code::BadParameter) }) }
    }

    /// Whether the caller takes one of the media types that a request's good answers have.
    pub fn produces(&self, request: &HttpRequest, accepts: impl Fn(&str) -> bool) -> bool {
        let operation = self.operations.get(&operation_of(request));
        operation.map_or_else(|| accepts(JSON), |operation| operation.produces.iter().any(|kind| accepts(kind)))
    }

    /// The pattern of a path and the name of the operation there; of two that fit, the one that says more of it.
    pub fn operation_at(&self, method: &str, path: &str) -> Option<(&str, &str)> {
        let fitting = self.paths.iter().filter(|(pattern, _)| pattern.is_match(path));
        let named = fitting.filter_map(|(pattern, _)| {
            let ((_, pattern), operation) =
                self.operations.get_key_value(&(method.to_owned(), pattern.pattern()?.to_owned()))?;
            Some((pattern.as_str(), operation.id.as_str()))
        });
        named.min_by_key(|(pattern, _)| pattern.matches('{').count())
    }

    /// The methods that a path knows, for `Allow`; `None` when there is no such path.
    pub fn methods(&self, path: &str) -> Option<&str> {
        self.paths.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods.as_str())
    }

    /// Every way in which a body differs from the schema of this name.
    pub fn check_body(&self, schema: &str, body: &Value) -> Result<(), Problem> {
        let validator = self.validator(schema, &json!({ "$ref": format!("#/components/schemas/{schema}") }))?;
        if validator.is_valid(body) {
            return Ok(());
        }
        let wrong = validator.iter_errors(body).flat_map(|error| faults(&error));
        let mut errors: Vec<FieldError> = wrong.take(ERRORS_MAX).collect();
        // A field may break several rules of one kind; one sentence for each is enough.
        errors.dedup();
        Err(Problem { errors, ..Problem::new(Code::Invalid) })
    }

    /// The schemas that a schema refers to, and those that they refer to.
    fn parts(&self, schema: &Value) -> Map<String, Value> {
        let mut parts = Map::new();
        let mut open = references(schema);
        while let Some(name) = open.pop() {
            if let (false, Some(part)) = (parts.contains_key(name), self.schemas.get(name)) {
                parts.insert(name.to_owned(), part.clone());
                open.extend(references(part));
            }
        }
        parts
    }

    fn validator(&self, name: &str, schema: &Value) -> Result<Arc<Validator>, Problem> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = known.get(name) {
            return Ok(Arc::clone(validator));
        }
        let mut root = schema.clone();
        if let Some(root) = root.as_object_mut() {
            root.insert("components".into(), json!({ "schemas": self.parts(schema) }));
        }
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let validator = Arc::new(options.build(&root).map_err(Problem::internal)?);
        known.insert(name.to_owned(), Arc::clone(&validator));
        Ok(validator)
    }
}

/// Adds one value to a query, or says why not.
fn take(query: &mut Map<String, Value>, parameter: &Parameter, text: &str) -> Option<Fault> {
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        return Some(Fault::ForbiddenCharacter(control));
    }
    let value = parameter.value(text);
    match query.get_mut(&parameter.name) {
        Some(Value::Array(values)) if parameter.repeats() && values.len() < REPETITIONS_MAX => values.push(value),
        Some(Value::Array(_)) if parameter.repeats() => return Some(Fault::TooLong(REPETITIONS_MAX)),
        Some(_) => return Some(Fault::Repeated),
        None if parameter.repeats() => drop(query.insert(parameter.name.clone(), Value::Array(vec![value]))),
        None => drop(query.insert(parameter.name.clone(), value)),
    }
    None
}

impl std::fmt::Debug for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contract")
    }
}

/// The parameters in a query string, decoded.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_encoding::percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into();
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(name), decode(value))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// The names of the schemas that a schema refers to.
fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

fn operation_of(request: &HttpRequest) -> (String, String) {
    (request.method().to_string(), request.match_pattern().unwrap_or_default())
}

fn declared(operation: &Value) -> Operation {
    let parameter = |parameter: &Value| {
        (parameter.get("in")? == "query").then_some(())?;
        let name = parameter.get("name")?.as_str()?.to_owned();
        Some(Parameter { name, schema: parameter.get("schema")?.clone() })
    };
    let list = operation.get("parameters").and_then(Value::as_array);
    let parameters = list.into_iter().flatten().filter_map(parameter).collect();
    let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    let good = responses.filter(|(status, _)| status.starts_with('2')).map(|(_, response)| response);
    let content = good.filter_map(|response| response.get("content")?.as_object()).flatten();
    let mut produces: Vec<String> = content.map(|(kind, _)| kind.clone()).collect();
    if produces.is_empty() {
        // Nothing is answered but refusals.
        produces.push(JSON.into());
    }
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    Operation { id, parameters, produces }
}

/// Whether a schema's type is or includes this one.
fn may_be(schema: &Value, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
        _ => false,
    }
}

/// A validator's error in our words.
fn faults(error: &jsonschema::ValidationError<'_>) -> Vec<FieldError> {
    use jsonschema::error::ValidationErrorKind as Kind;
    let at = error.instance_path().to_string();
    let one = |fault| vec![FieldError { pointer: at.clone(), fault }];
    let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    let number = |limit: &Value, other: i64| limit.as_i64().unwrap_or(other);
    let size = |limit: &u64| usize::try_from(*limit).unwrap_or(usize::MAX);
    match error.kind() {
        Kind::Required { property } => {
            vec![FieldError { pointer: below(property.as_str().unwrap_or_default()), fault: Fault::Required }]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let unknown = |name: &String| FieldError { pointer: below(name), fault: Fault::UnknownField(None) };
            unexpected.iter().map(unknown).collect()
        }
        Kind::Type { kind } => one(Fault::WrongType(types(kind))),
        Kind::Enum { options } => one(Fault::NotAllowed(words(options))),
        Kind::Constant { expected_value } => one(Fault::NotAllowed(vec![word(expected_value)])),
        Kind::MaxLength { limit } | Kind::MaxItems { limit } => one(Fault::TooLong(size(limit))),
        Kind::MinLength { limit } | Kind::MinItems { limit } => one(Fault::TooShort(size(limit))),
        Kind::Minimum { limit } => one(Fault::TooSmall(number(limit, i64::MIN))),
        Kind::Maximum { limit } => one(Fault::TooLarge(number(limit, i64::MAX))),
        Kind::UniqueItems => one(Fault::Repeated),
        Kind::Format { format } => one(format_fault(format)),
        Kind::Pattern { pattern } => one(Fault::BadFormat(pattern.clone())),
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => nearest_branch(context, &at),
        kind => one(Fault::BadFormat(kind.keyword().to_owned())),
    }
}

/// A value that has not the format of its schema.
fn format_fault(format: &str) -> Fault {
    match format {
        "uuid" => Fault::NotAnId,
        "date-time" => Fault::NotAnInstant,
        "email" => Fault::NotAnEmail,
        "uri" => Fault::NotAUrl,
        other => Fault::BadFormat(other.to_owned()),
    }
}

/// Of the alternatives that all failed, the one that was meant: the one whose errors lie deepest, since in
/// the others already the type or the `_type` differs.
fn nearest_branch(context: &[Vec<jsonschema::ValidationError<'static>>], at: &str) -> Vec<FieldError> {
    let branches = context.iter().map(|errors| errors.iter().flat_map(faults).collect::<Vec<_>>());
    let misfit = |errors: &Vec<FieldError>| {
        let tag = format!("{at}/_type");
        let wrong = |error: &FieldError| match error.fault {
            Fault::WrongType(_) => error.pointer == at,
            Fault::NotAllowed(_) => error.pointer == tag,
            _ => false,
        };
        (errors.iter().filter(|error| wrong(error)).count(), errors.len())
    };
    branches.min_by_key(misfit).unwrap_or_default()
}

fn types(kind: &jsonschema::error::TypeKind) -> String {
    use jsonschema::error::TypeKind;
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => several.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" | "),
    }
}

fn words(options: &Value) -> Vec<String> {
    options.as_array().into_iter().flatten().map(word).collect()
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}
