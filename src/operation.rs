//! What those who run Khabar, and those who read about it, need: health, the contract, explanations.

use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{Call, Contract, Reply, Routes, Segment};
use crate::problem::{Code, Problem};
use crate::text::Lang;

/// Adds these routes.
pub fn routes(config: &mut Routes<'_>) {
    config.service(health_live).service(health_ready).service(read_openapi).service(read_problem);
}

/// Whether the process or the database answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Health = Health { status: "ok" };

/// Tell whether the process is alive
///
/// Touches nothing else; restart the process when this fails.
#[utoipa::path(tag = "operation", responses((status = OK, description = "Alive", body = Health)))]
#[get("/health/live")]
async fn health_live(_call: Call) -> Result<Reply, Problem> {
    Reply::json(&OK)
}

/// Tell whether requests can be served
///
/// Asks the database; send no traffic here while this fails.
#[utoipa::path(tag = "operation", responses((status = OK, description = "Ready", body = Health)))]
#[get("/health/ready")]
async fn health_ready(call: Call) -> Result<Reply, Problem> {
    call.read(|read| Ok(crate::db::ping(read.conn)?)).await?;
    Reply::json(&OK)
}

/// Get this document
///
/// OpenAPI 3.1, made from the code that answers.
#[utoipa::path(tag = "operation", responses((status = OK, description = "The document", body = Value, example = json!({ "openapi": "3.1.0" }))))]
#[get("/openapi.json")]
async fn read_openapi(_call: Call, contract: web::Data<Contract>) -> Result<Reply, Problem> {
    Ok(Reply::written(contract.text().to_owned()))
}

/// Explain a problem
///
/// What the `type` of a refusal leads to: what it means and what to do.
#[utoipa::path(
    tag = "operation",
    params(("code" = String, Path, description = "The problem's code", example = "stale")),
    responses((status = OK, description = "The explanation", body = Explanation)),
)]
#[get("/problems/{code}")]
async fn read_problem(_call: Call, code: Segment) -> Result<Reply, Problem> {
    let known = Code::ALL.iter().find(|known| known.word() == code.0);
    Reply::json(&Explanation::of(*known.ok_or_else(Problem::not_found)?))
}

/// What a problem means.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Explanation {
    /// The stable name.
    #[schema(example = "stale")]
    code: &'static str,
    /// The HTTP status.
    #[schema(example = 412)]
    status: u16,
    /// In a few words, in English.
    #[schema(example = "It has changed since you read it")]
    title: &'static str,
    /// In a few words, in Arabic.
    #[schema(rename = "titleArabic", example = "تغيّر منذ أن قرأته")]
    #[serde(rename = "titleArabic")]
    title_arabic: &'static str,
    /// What to do.
    #[schema(example = "Get it again and send the change with the new `If-Match`.")]
    help: &'static str,
}

impl Explanation {
    fn of(code: Code) -> Self {
        Self {
            code: code.word(),
            status: code.status().as_u16(),
            title: code.title(Lang::En),
            title_arabic: code.title(Lang::Ar),
            help: code.help(),
        }
    }
}
