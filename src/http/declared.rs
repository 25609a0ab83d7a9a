//! The OpenAPI document as far as requests are held against it, read without making a tree of it: schemas stay where
//! they stand in the text, until somebody needs one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The document.
#[derive(Deserialize)]
pub(super) struct Declared<'d> {
    /// By path and method. A literal segment stands before a parameter.
    #[serde(borrow)]
    pub paths: BTreeMap<String, BTreeMap<String, DeclaredOperation<'d>>>,
    /// What operations refer to.
    #[serde(borrow)]
    pub components: Components<'d>,
}

/// What operations refer to.
#[derive(Deserialize)]
pub(super) struct Components<'d> {
    /// By name.
    #[serde(borrow)]
    pub schemas: BTreeMap<&'d str, &'d RawValue>,
}

/// An operation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeclaredOperation<'d> {
    /// Its name.
    pub operation_id: String,
    /// What stands in its path, its query and its headers.
    #[serde(borrow, default)]
    pub parameters: Vec<DeclaredParameter<'d>>,
    /// By status.
    #[serde(borrow, default)]
    pub responses: BTreeMap<String, DeclaredResponse<'d>>,
}

/// A parameter.
#[derive(Deserialize)]
pub(super) struct DeclaredParameter<'d> {
    /// `query`, `path` or `header`.
    #[serde(rename = "in")]
    pub place: String,
    /// Its name.
    pub name: String,
    /// What its values are.
    #[serde(borrow)]
    pub schema: &'d RawValue,
}

/// An answer.
#[derive(Deserialize)]
pub(super) struct DeclaredResponse<'d> {
    /// By media type.
    #[serde(borrow, default)]
    pub content: BTreeMap<String, &'d RawValue>,
}

/// The names of a schema's properties.
#[derive(Deserialize)]
pub(super) struct Properties<'d> {
    /// By name.
    #[serde(borrow, default)]
    pub properties: BTreeMap<&'d str, &'d RawValue>,
}
