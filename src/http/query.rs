//! Query parameters: pages, filters and sparse field sets.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::contract::{Contract, pairs};
use super::input::named_format;
use super::listing::{Listing, changed_at};
use super::reply::Reply;
use crate::db::page::{PageRequest, Position, Slice};
use crate::fault::Fault;
use crate::problem::{Code, Problem};
use crate::text::nearest::nearest;
use crate::time::UtcTime;

/// Rows on a page when the caller does not say.
const LIMIT: u32 = 20;
/// Parameters that choose a page or a form, not the rows of the list.
const NOT_FILTERS: [&str; 7] = ["limit", "after", "before", "count", "fields", "include", "replies"];

/// The parameters that every list has.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Items on a page.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    limit: Option<u32>,
    /// The page after this cursor: `page.next` of an earlier answer to the same query.
    #[param(required = false)]
    after: Option<String>,
    /// The page before this cursor: `page.prev` of an earlier answer to the same query.
    #[param(required = false)]
    before: Option<String>,
    /// Count the whole list in `page.total`.
    #[param(required = false)]
    count: Option<bool>,
    /// Only these properties of each item, separated by commas.
    #[param(required = false, example = "id,headline")]
    fields: Option<String>,
}

/// Where a page lies in its list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PageView {
    /// Items on a page.
    #[schema(example = 20)]
    pub(super) limit: u32,
    /// The cursor of the page after this one.
    #[schema(example = "WzEyMyx7ImtleSI6MX1d")]
    pub(super) next: Option<String>,
    /// The cursor of the page before this one.
    #[schema(example = json!(null))]
    pub(super) prev: Option<String>,
    /// Items in the whole list, when `count=true` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = 1)]
    pub(super) total: Option<i64>,
}

/// The parameter of single resources.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FieldsQuery {
    /// Only these properties, separated by commas.
    #[param(required = false, example = "id,headline")]
    fields: Option<String>,
}

/// A list's filter, page and form.
#[derive(Clone, Debug)]
pub struct Page<F> {
    /// Which rows.
    pub filter: F,
    /// Which of their pages.
    pub request: PageRequest,
    view: View,
    /// The list's identity, which cursors are bound to.
    list: String,
    /// The path, which it shares with its other filters.
    path: String,
    /// Path and query, for `Link`.
    target: String,
}

impl<F> Page<F> {
    /// The cursor with which the list at the same address goes on that has these filters, in the order of their names.
    pub fn cursor_into(&self, filters: &[(&str, &str)], position: &Position) -> String {
        position.seal(&identity(&self.path, filters))
    }

    /// Answers a page of the list.
    pub fn reply<T: Serialize + ToSchema>(&self, slice: &Slice<T>) -> Result<Reply, Problem> {
        self.reply_with(slice, Map::new())
    }

    /// Answers a page with further members beside `items`.
    pub fn reply_with<T: Serialize + ToSchema>(
        &self,
        slice: &Slice<T>,
        members: Map<String, Value>,
    ) -> Result<Reply, Problem> {
        // Also where the list is empty: a wrong name must not pass until the first row comes.
        self.view.check::<T>()?;
        let cursor = |position: &Option<Position>| position.as_ref().map(|position| position.seal(&self.list));
        let (next, prev) = (cursor(&slice.next), cursor(&slice.prev));
        let page = PageView { limit: self.request.limit, next: next.clone(), prev: prev.clone(), total: slice.total };
        let (body, modified) = self.view.list(&slice.rows, page, members)?;
        let link = |rel: &str, parameter: &str, cursor: Option<String>| {
            cursor.map(|cursor| format!("<{}{parameter}={cursor}>; rel=\"{rel}\"", self.target))
        };
        let links: Vec<String> =
            [link("next", "after", next), link("prev", "before", prev)].into_iter().flatten().collect();
        Ok(Reply::written(body).linked(links.join(", ")).modified(modified))
    }
}

/// Which properties of a resource the caller wants.
#[derive(Clone, Debug)]
pub struct View {
    fields: Option<Vec<String>>,
    contract: web::Data<Contract>,
}

impl View {
    /// Answers one resource in the form that was asked for.
    pub fn reply<T: Serialize + ToSchema>(&self, resource: &T) -> Result<Reply, Problem> {
        self.check::<T>()?;
        if self.fields.is_none() {
            return Reply::json(resource);
        }
        Reply::json(&self.shape(serde_json::to_value(resource)?))
    }

    /// The JSON of a page, and when any of its items last changed. Where no fields are named they are written as they are.
    fn list<T: Serialize>(
        &self,
        rows: &[T],
        page: PageView,
        members: Map<String, Value>,
    ) -> Result<(Vec<u8>, Option<UtcTime>), Problem> {
        if self.fields.is_none() {
            return Listing { items: rows, page, members }.write();
        }
        let whole: Vec<Value> = rows.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
        let modified = whole.iter().filter_map(changed_at).max();
        let items: Vec<Value> = whole.into_iter().map(|item| self.shape(item)).collect();
        Ok((Listing { items: &items, page, members }.write()?.0, modified))
    }

    /// A resource with only the wanted properties.
    fn shape(&self, mut resource: Value) -> Value {
        if let (Some(fields), Some(properties)) = (&self.fields, resource.as_object_mut()) {
            // What `include` asked for is wanted too.
            properties.retain(|name, _| fields.contains(name) || name == "included");
        }
        resource
    }

    /// Refuses names that the resource's schema does not have.
    fn check<T: ToSchema>(&self) -> Result<(), Problem> {
        let Some(fields) = &self.fields else { return Ok(()) };
        let names = self.contract.properties(&T::name());
        match fields.iter().find(|field| !names.contains(&field.as_str())) {
            None => Ok(()),
            Some(field) => {
                let near = nearest(field, names.iter().copied()).map(String::from);
                Err(Problem::parameter("fields", Fault::UnknownField(near)))
            }
        }
    }
}

/// The parameters of a request that has no pages.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

/// A filter for lists that have none.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Unfiltered {}

fn contract(request: &HttpRequest) -> Result<&web::Data<Contract>, Problem> {
    request.app_data().ok_or_else(|| Problem::internal("the contract is not set up"))
}

fn read<T: DeserializeOwned>(query: &Map<String, Value>) -> Result<T, Problem> {
    let read = serde_path_to_error::deserialize(Value::Object(query.clone()));
    read.map_err(|error: serde_path_to_error::Error<serde_json::Error>| {
        // Of a repeated one the whole is named, as where the schema refuses it.
        let path = error.path().to_string();
        let name = path.split('[').next().unwrap_or_default();
        Problem::parameter(name, named_format(&error.into_inner().to_string()))
    })
}

fn view(request: &HttpRequest, fields: Option<String>) -> Result<View, Problem> {
    let split = |fields: String| fields.split(',').map(str::trim).map(String::from).collect();
    Ok(View { fields: fields.map(split), contract: contract(request)?.clone() })
}

/// What makes a list this one.
fn identity(path: &str, filters: &(impl std::fmt::Debug + ?Sized)) -> String {
    format!("{path}{filters:?}")
}

fn page<F: DeserializeOwned>(request: &HttpRequest) -> Result<Page<F>, Problem> {
    let query = contract(request)?.query(request)?;
    let ListQuery { limit, after, before, count, fields } = read(&query)?;
    let mut filters = pairs(request.query_string());
    filters.retain(|(name, _)| !NOT_FILTERS.contains(&name.as_str()));
    filters.sort();
    let list = identity(request.path(), &filters);
    let (cursor, backward) = match (after, before) {
        (Some(_), Some(_)) => return Err(Problem::parameter("before", Fault::Excludes("after".into()))),
        (after, None) => (after, false),
        (None, before) => (before, true),
    };
    let open = |cursor: String| Position::unseal(&cursor, &list).ok_or_else(|| Problem::new(Code::BadCursor));
    let from = cursor.map(open).transpose()?;
    let kept = request
        .query_string()
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("after=") && !part.starts_with("before="));
    let target = kept.fold(format!("{}?", request.uri().path()), |target, part| target + part + "&");
    // Headers are ASCII; what the caller had encoded stays as it is.
    let target = utf8_percent_encode(&target, CONTROLS).to_string();
    Ok(Page {
        filter: read(&query)?,
        request: PageRequest { limit: limit.unwrap_or(LIMIT), from, backward, count: count.unwrap_or(false) },
        view: view(request, fields)?,
        list,
        path: request.path().to_owned(),
        target,
    })
}

impl<F: DeserializeOwned> FromRequest for Page<F> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(page(request))
    }
}

impl FromRequest for View {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let asked = contract(request).and_then(|contract| contract.query(request)).and_then(|query| read(&query));
        ready(asked.and_then(|FieldsQuery { fields }| view(request, fields)))
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(contract(request).and_then(|contract| contract.query(request)).and_then(|query| read(&query)).map(Self))
    }
}
