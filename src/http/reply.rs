//! Answers: JSON with its validators, or nothing.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED, LINK, LOCATION,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, Responder};
use bytes::Bytes;
use serde::de::Deserializer;
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::tag;
use crate::cache::http::Watched;
use crate::cache::{Kept, Rest};
use crate::ids::Id;
use crate::limits::Standing;
use crate::problem::Problem;
use crate::text::Language;
use crate::time::UtcTime;

const JSON: &str = "application/json";
/// By what caches of others purge an answer; a webhook's message says what to purge.
pub const SURROGATE_KEY: &str = "surrogate-key";

/// An answer that went well. It can be kept and given again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is about a header of its own")]
pub struct Reply {
    status: u16,
    /// A text, as it is sent.
    #[serde(serialize_with = "as_text", deserialize_with = "of_text")]
    body: Option<Bytes>,
    /// The version that `If-Match` compares; the hash of the body is the tag when there is none.
    version: Option<i64>,
    last_modified: Option<UtcTime>,
    location: Option<String>,
    link: Option<String>,
    language: Option<Language>,
    /// Whether it is the caller's own, where the path alone does not tell.
    #[serde(default)]
    private: bool,
    /// Whether no search engine may list it.
    #[serde(default)]
    unlisted: bool,
    /// Whether more of it changes than its version tells.
    #[serde(default)]
    moves: bool,
    /// The media type, where it is not JSON.
    #[serde(skip)]
    kind: Option<&'static str>,
    #[serde(skip)]
    replayed: bool,
    /// What it tells of, where its words may have to be forgotten.
    #[serde(skip)]
    about: Option<Uuid>,
    /// What is told instead of the body, and never kept.
    #[serde(skip)]
    told_once: Option<String>,
    /// What is left of the caller's shares.
    #[serde(skip)]
    standing: Option<Standing>,
    /// What it rests on, if it is alike for everyone.
    #[serde(skip)]
    rest: Option<Rest>,
}

impl Reply {
    /// 200 with a resource.
    pub fn json(body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { body: Some(serde_json::to_string(body)?.into()), ..Self::empty(StatusCode::OK) })
    }

    /// 200 with what is JSON already.
    pub fn written(body: impl Into<Bytes>) -> Self {
        Self { body: Some(body.into()), ..Self::empty(StatusCode::OK) }
    }

    /// 200 with a text of another media type.
    pub fn text_of(kind: &'static str, body: String) -> Self {
        Self { body: Some(body.into()), kind: Some(kind), ..Self::empty(StatusCode::OK) }
    }

    /// 201 with the address of what this resource now is.
    #[must_use]
    pub fn created(self, location: String) -> Self {
        Self { status: StatusCode::CREATED.as_u16(), location: Some(location), ..self }
    }

    /// 202 with the address of what somebody has yet to decide about.
    #[must_use]
    pub fn accepted(self, location: String) -> Self {
        Self { status: StatusCode::ACCEPTED.as_u16(), ..self.created(location) }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// 308 to where the resource is now.
    pub fn moved(location: String) -> Self {
        Self { location: Some(location), ..Self::empty(StatusCode::PERMANENT_REDIRECT) }
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status: status.as_u16(),
            body: None,
            version: None,
            last_modified: None,
            location: None,
            link: None,
            language: None,
            private: false,
            moves: false,
            unlisted: false,
            kind: None,
            replayed: false,
            about: None,
            told_once: None,
            standing: None,
            rest: None,
        }
    }

    /// With the version that a later change must name.
    #[must_use]
    pub const fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// With a version that says what a change is based on, and not all that is shown: a lock, or what the clock did, moves
    /// without one. Such an answer is always given whole.
    #[must_use]
    pub const fn moving(mut self) -> Self {
        self.moves = true;
        self
    }

    /// With the instant of the last change, if there was one.
    #[must_use]
    pub fn modified(self, at: impl Into<Option<UtcTime>>) -> Self {
        Self { last_modified: at.into(), ..self }
    }

    /// With the language of the content.
    #[must_use]
    pub fn in_language(mut self, language: &Language) -> Self {
        self.language = Some(language.clone());
        self
    }

    /// For this caller alone: no cache may keep it.
    #[must_use]
    pub const fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// For whoever has its address, and told to nobody else: no cache may keep it, no search engine list it.
    #[must_use]
    pub const fn unlisted(mut self) -> Self {
        self.unlisted = true;
        self.private()
    }

    /// With another body now, such as one with a secret: only the first one is kept for repetitions.
    pub fn telling_once(self, body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { told_once: Some(serde_json::to_string(body)?), ..self })
    }

    /// With what it tells of: once that is taken back or erased, no repetition gets this answer again.
    #[must_use]
    pub const fn about<K>(mut self, target: Id<K>) -> Self {
        self.about = Some(target.uuid());
        self
    }

    /// What it tells of, if it says so.
    pub(super) const fn target(&self) -> Option<Uuid> {
        self.about
    }

    /// With what is left of the caller's shares.
    #[must_use]
    pub fn standing(self, standing: Option<Standing>) -> Self {
        Self { standing, ..self }
    }

    /// The same for everyone who asks, while what it rests on holds.
    #[must_use]
    pub fn shared(self, rest: Rest) -> Self {
        Self { rest: Some(rest), ..self }
    }

    /// With the neighbours of a page.
    #[must_use]
    pub fn linked(mut self, links: String) -> Self {
        self.link = Some(links).filter(|links| !links.is_empty());
        self
    }

    /// The form that is kept for repetitions.
    pub(super) fn keep(&self) -> Result<Vec<u8>, Problem> {
        Ok(serde_json::to_vec(self)?)
    }

    /// A kept answer, once more.
    pub(super) fn replay(kept: &[u8]) -> Result<Self, Problem> {
        Ok(Self { replayed: true, ..serde_json::from_slice(kept)? })
    }

    fn etag(&self) -> Option<String> {
        let body = self.body.as_ref()?;
        Some(self.version.map_or_else(|| hash(body), |version| format!("\"{version}\"")))
    }

    /// What is kept of it for others who ask the same, with its tag.
    fn kept(&self, watched: Watched, etag: &str) -> Option<Kept> {
        let rest = self.rest.clone().filter(|_| self.status == StatusCode::OK.as_u16() && !self.private)?;
        // A copy, which takes no more room than it has bytes: what was written may have twice that.
        let body = Bytes::copy_from_slice(self.body.as_ref()?);
        let headers = [
            ("content-type", Some(self.kind.unwrap_or(JSON).to_owned())),
            (SURROGATE_KEY, Some(rest.keys())),
            ("last-modified", self.last_modified.map(UtcTime::http_date)),
            ("link", self.link.clone()),
            ("content-language", self.language.as_ref().map(ToString::to_string)),
        ];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Some(Kept::new((rest, watched.0), headers, etag.to_owned(), body))
    }
}

#[expect(clippy::ref_option, reason = "serde hands it over so")]
fn as_text<S: Serializer>(body: &Option<Bytes>, to: S) -> Result<S::Ok, S::Error> {
    body.as_deref().map(str::from_utf8).transpose().map_err(S::Error::custom)?.serialize(to)
}

fn of_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Bytes>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Bytes::from))
}

/// Tells a caller what is left of each share, where there are any.
pub(super) fn tell_standing(response: &mut HttpResponseBuilder, standing: &Standing) {
    if !standing.policy.is_empty() {
        response.insert_header(("ratelimit-policy", standing.policy.as_str()));
        response.insert_header(("ratelimit", standing.limit.as_str()));
    }
}

fn hash(body: &[u8]) -> String {
    let digest = blake3::hash(body).to_hex();
    format!("\"{}\"", digest.get(..24).unwrap_or(&digest))
}

/// The tag in `If-None-Match` that is this one, in whichever coding the caller has it (RFC 9110 §13.1.2, weak
/// comparison).
pub fn named(request: &HttpRequest, etag: &str) -> Option<String> {
    let listed = request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let mut tags = listed.flat_map(|value| value.split(',')).map(str::trim);
    tags.find_map(|listed| {
        let listed = if listed == "*" { etag } else { listed.strip_prefix("W/").unwrap_or(listed) };
        (tag::value(listed) == tag::value(etag)).then(|| listed.to_owned())
    })
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let watched = request.extensions().get::<Watched>().copied();
        let etag = self.etag();
        let kept = watched.zip(etag.as_deref()).and_then(|(watched, etag)| self.kept(watched, etag)).map(Arc::new);
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let conditional = !self.moves && request.method() == Method::GET && status == StatusCode::OK;
        let held = etag.as_ref().filter(|_| conditional).and_then(|etag| named(request, etag));
        let unchanged = held.is_some();
        let mut response = HttpResponse::build(if unchanged { StatusCode::NOT_MODIFIED } else { status });
        let headers = [
            (ETAG, held.or(etag)),
            (LAST_MODIFIED, self.last_modified.map(UtcTime::http_date)),
            (LOCATION, self.location),
            (LINK, self.link),
            (CONTENT_LANGUAGE, self.language.map(|language| language.to_string())),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                response.insert_header((name, value));
            }
        }
        if let Some(rest) = self.rest.as_ref().filter(|_| !self.private) {
            response.insert_header((SURROGATE_KEY, rest.keys()));
        }
        if self.private {
            response.insert_header((CACHE_CONTROL, "no-store"));
        }
        if self.unlisted {
            response.insert_header(("x-robots-tag", "noindex, nofollow"));
        }
        if self.replayed {
            response.insert_header(("idempotency-replayed", "true"));
        }
        if let Some(standing) = &self.standing {
            tell_standing(&mut response, standing);
        }
        let mut response = match self.told_once.map(Bytes::from).or(self.body) {
            Some(body) if !unchanged => response.insert_header((CONTENT_TYPE, self.kind.unwrap_or(JSON))).body(body),
            _ => response.finish(),
        };
        if let Some(kept) = kept {
            response.extensions_mut().insert(kept);
        }
        response
    }
}
