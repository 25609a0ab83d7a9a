//! The OpenAPI document at work: it decides which parameters a request may have, whether a body has the right
//! shape, and which methods a path knows. So the document can't promise what the code does not keep.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::dev::ResourceDef;
use jsonschema::{Draft, Validator};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::declared::{Declared, DeclaredOperation, DeclaredParameter, Properties};
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
    /// The `type` of its schema.
    kind: Value,
    schema: &'static RawValue,
}

impl Parameter {
    fn repeats(&self) -> bool {
        may_be(&self.kind, "array")
    }

    /// A value as JSON, if it reads as the declared type; as text otherwise, for the schema to refuse.
    fn value(&self, text: &str) -> Value {
        let parsed = if may_be(&self.kind, "integer") {
            text.parse::<i64>().ok().map(Value::from)
        } else if may_be(&self.kind, "boolean") {
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

/// A schema as it stands in the document.
struct Schema {
    text: &'static RawValue,
    properties: Vec<&'static str>,
}

/// The document, indexed for the questions that requests ask. A tree of it takes ten times the memory of its text, so
/// of schemas there are only places in the text, until a request needs one.
pub struct Contract {
    text: &'static str,
    /// By name.
    schemas: HashMap<&'static str, Schema>,
    /// By method and path.
    operations: HashMap<(String, String), Operation>,
    /// Every path with its methods.
    paths: Vec<(ResourceDef, String)>,
    /// By schema name, compiled when first needed.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Contract {
    /// Indexes a document.
    pub fn new(text: &'static str) -> Result<Self, serde_json::Error> {
        let declared: Declared<'static> = serde_json::from_str(text)?;
        let mut operations = HashMap::new();
        let mut paths = Vec::new();
        for (path, item) in declared.paths {
            let mut methods = Vec::new();
            for (method, declared) in item {
                let method = method.to_uppercase();
                operations.insert((method.clone(), path.clone()), operation(declared)?);
                if method == "GET" {
                    methods.push("HEAD".to_owned());
                }
                methods.push(method);
            }
            paths.push((ResourceDef::new(path), methods.join(", ")));
        }
        let schema = |(name, text): (&'static str, &'static RawValue)| {
            let Properties { properties } = serde_json::from_str(text.get())?;
            Ok((name, Schema { text, properties: properties.into_keys().collect() }))
        };
        let schemas = declared.components.schemas.into_iter().map(schema).collect::<Result<_, serde_json::Error>>()?;
        Ok(Self { text, schemas, operations, paths, validators: Mutex::new(HashMap::new()) })
    }

    /// The document itself, as JSON.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The names of a schema's properties.
    pub fn properties(&self, schema: &str) -> &[&'static str] {
        self.schemas.get(schema).map_or(&[], |schema| &schema.properties)
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
        let schema = || {
            let property = |parameter: &Parameter| Ok((parameter.name.clone(), read(parameter.schema)?));
            let properties = declared.iter().map(property).collect::<Result<Map<_, _>, Problem>>()?;
            Ok(json!({ "properties": properties }))
        };
        let validator = self.validator(&format!("{} {}", key.0, key.1), schema)?;
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
        let fitting = self.paths.iter().filter(|(pattern, _)| fits(pattern, path));
        let named = fitting.filter_map(|(pattern, _)| {
            let ((_, pattern), operation) =
                self.operations.get_key_value(&(method.to_owned(), pattern.pattern()?.to_owned()))?;
            Some((pattern.as_str(), operation.id.as_str()))
        });
        named.min_by_key(|(pattern, _)| pattern.matches('{').count())
    }

    /// The methods that a path knows, for `Allow`; `None` when there is no such path.
    pub fn methods(&self, path: &str) -> Option<&str> {
        self.paths.iter().find(|(pattern, _)| fits(pattern, path)).map(|(_, methods)| methods.as_str())
    }

    /// Every way in which a body differs from the schema of this name.
    pub fn check_body(&self, schema: &str, body: &Value) -> Result<(), Problem> {
        let validator = self.validator(schema, || Ok(json!({ "$ref": format!("#/components/schemas/{schema}") })))?;
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
    fn parts(&self, schema: &Value) -> Result<Map<String, Value>, Problem> {
        let mut parts = Map::new();
        let mut open: Vec<String> = references(schema).into_iter().map(String::from).collect();
        while let Some(name) = open.pop() {
            if let (false, Some(part)) = (parts.contains_key(&name), self.schemas.get(name.as_str())) {
                let part = read(part.text)?;
                open.extend(references(&part).into_iter().map(String::from));
                parts.insert(name, part);
            }
        }
        Ok(parts)
    }

    fn validator(
        &self,
        name: &str,
        schema: impl FnOnce() -> Result<Value, Problem>,
    ) -> Result<Arc<Validator>, Problem> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = known.get(name) {
            return Ok(Arc::clone(validator));
        }
        let mut root = schema()?;
        let parts = self.parts(&root)?;
        if let Some(root) = root.as_object_mut() {
            root.insert("components".into(), json!({ "schemas": parts }));
        }
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let validator = Arc::new(options.build(&root).map_err(Problem::internal)?);
        known.insert(name.to_owned(), Arc::clone(&validator));
        Ok(validator)
    }
}

/// Whether a path is of a pattern. Most are not, which their names tell without the pattern's expression.
fn fits(pattern: &ResourceDef, path: &str) -> bool {
    let Some(text) = pattern.pattern() else { return false };
    let (mut named, mut asked) = (text.split('/'), path.split('/'));
    loop {
        match (named.next(), asked.next()) {
            (None, None) => return pattern.is_match(path),
            (Some(name), Some(segment)) if name.contains('{') || name == segment => {}
            _ => return false,
        }
    }
}

/// A part of the document as a tree.
fn read(text: &RawValue) -> Result<Value, Problem> {
    serde_json::from_str(text.get()).map_err(Problem::internal)
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

fn operation(declared: DeclaredOperation<'static>) -> Result<Operation, serde_json::Error> {
    let DeclaredOperation { operation_id: id, parameters, responses } = declared;
    let parameter = |DeclaredParameter { name, schema, .. }| {
        let mut tree: Value = serde_json::from_str(RawValue::get(schema))?;
        let kind = tree.get_mut("type").map(Value::take).unwrap_or_default();
        Ok(Parameter { name, kind, schema })
    };
    let asked = parameters.into_iter().filter(|parameter| parameter.place == "query");
    let parameters = asked.map(parameter).collect::<Result<_, serde_json::Error>>()?;
    let good = responses.into_iter().filter(|(status, _)| status.starts_with('2'));
    let mut produces: Vec<String> = good.flat_map(|(_, response)| response.content.into_keys()).collect();
    if produces.is_empty() {
        // Nothing is answered but refusals.
        produces.push(JSON.into());
    }
    Ok(Operation { id, parameters, produces })
}

/// Whether the type of a schema is or includes this one.
fn may_be(kind: &Value, wanted: &str) -> bool {
    match kind {
        Value::String(one) => one == wanted,
        Value::Array(several) => several.iter().any(|one| one == wanted),
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
