//! One request, as use cases see it: who calls, on which version, and the doors to the database.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, IF_MATCH, USER_AGENT};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::caller;
use super::contract::Contract;
use super::deeds;
use super::input::Input;
use super::reply::Reply;
use super::tag;
use crate::app::{App, Read, Tx};
use crate::audit::SIGN_IN;
use crate::auth;
use crate::auth::actions::ModerateComments;
use crate::auth::viewer::Program;
use crate::auth::{Actor, Deed, User, Viewer};
use crate::db::replies;
use crate::ids::{CommenterId, Id, UserId};
use crate::limits::{Act, Origin, Party, Standing};
use crate::problem::{Code, Problem};
use crate::text::{Lang, hex};
use crate::time::UtcTime;

/// The longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// The header with a guest's token.
pub const GUEST: &str = "khabar-guest";
/// As much as is kept of what a program says of itself, in characters.
const AGENT_MAX: usize = 200;
/// For how long it holds who somebody is, once that was looked at.
const LOOKED_AT_FOR: Duration = Duration::from_secs(2);
/// How long first answers are kept.
pub const KEPT: Duration = Duration::from_secs(86_400);

/// A change, whatever body asked for it.
type Work = Box<dyn FnOnce(&mut Tx<'_>) -> Result<Reply, Problem> + Send>;

/// The id that answers, logs and the audit trail share.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id of a request; empty before it has one.
    pub(super) fn of(request: &HttpRequest) -> String {
        request.extensions().get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// One request.
#[derive(Clone)]
pub struct Call {
    /// The running Khabar.
    pub app: App,
    /// Who calls.
    pub viewer: Viewer,
    /// When that was found out.
    began: UtcTime,
    request_id: String,
    if_match: Option<String>,
    idempotency_key: Option<String>,
    /// The token of a guest, whether or not it is any good.
    guest: Option<String>,
    /// Method and path, with the query.
    route: String,
    path: String,
    lang: Lang,
    /// What it does, if it may change something.
    deed: Option<Arc<Deed>>,
    /// Where it comes from.
    origin: Option<Origin>,
    /// Through which program.
    program: Option<Program>,
}

impl Call {
    /// Reads from one consistent snapshot: what anybody may read, from a replica if one is at hand.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Problem> + Clone + Send + 'static,
    {
        match self.read_replica(&work).await {
            Some(found) => Ok(found),
            None => self.app.read(work).await,
        }
    }

    /// The same beside the worker that asks, for what would keep its other callers waiting.
    pub async fn read_aside<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Problem> + Clone + Send + 'static,
    {
        match self.read_replica(&work).await {
            Some(found) => Ok(found),
            None => self.app.read_aside(work).await,
        }
    }

    /// Whoever is signed in, or is about to change something, is to see what was changed just now on another node.
    async fn read_replica<T, F>(&self, work: &F) -> Option<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T, Problem> + Clone + Send + 'static,
    {
        if self.viewer.user().is_some() || self.deed.is_some() {
            return None;
        }
        self.app.read_replica(work).await
    }

    /// Makes changes in one transaction. Whoever took long over the request is looked at again in it: a body that drips is not to
    /// outlive the right to send it.
    ///
    /// # Errors
    /// `unauthenticated` if they are not any more who they were; and those of the work.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, Problem> + Send + 'static,
    {
        let (app, user, until) = (self.app.clone(), self.viewer.user().cloned(), self.began.after(LOOKED_AT_FOR));
        let work = move |tx: &mut Tx<'_>| {
            if let Some(user) = user.filter(|_| tx.now > until) {
                auth::look_again(&mut tx.reading(), &user, &app)?;
            }
            work(tx)
        };
        self.app.write(self.actor(), work).await
    }

    /// Makes the change that a POST asks for. With an `Idempotency-Key` the first answer is kept in the same
    /// transaction, and a repetition gets it again instead of a second change.
    pub async fn act<T, F>(&self, input: Input<T>, work: F) -> Result<Reply, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, T) -> Result<Reply, Problem> + Send + 'static,
    {
        let Input { value, digest } = input;
        self.act_any(digest, Box::new(move |tx| work(tx, value))).await
    }

    async fn act_any(&self, digest: [u8; 32], work: Work) -> Result<Reply, Problem> {
        let Some(key) = self.idempotency_key.clone() else {
            return self.write(work).await;
        };
        // Keyed, since bodies hold passwords: whoever reads the table must not be able to try some against it.
        let fingerprint = self.app.vault().mark("body", &digest)?;
        let caller = match (self.viewer.user(), &self.guest) {
            (Some(user), _) => user.name(),
            (None, Some(guest)) => hex(&self.app.vault().mark("guest", guest.as_bytes())?),
            // Strangers have no name: only what they say tells them apart.
            (None, None) => hex(&fingerprint),
        };
        let scope = format!("{caller} {}", self.route);
        let place = format!("reply {scope} {key}");
        self.write(move |tx| {
            replies::forget(tx.conn, &scope, &key, tx.now.before(KEPT))?;
            if !replies::claim(tx.conn, &scope, &key, &fingerprint, tx.now)? {
                let kept = replies::find(tx.conn, &scope, &key)?;
                if kept.fingerprint != fingerprint {
                    return Err(Problem::new(Code::KeyReused));
                }
                let opened = kept.sealed.and_then(|sealed| tx.vault.open(&place, &sealed));
                return Reply::replay(&opened.ok_or_else(|| Problem::internal("a kept answer does not open"))?);
            }
            let reply = work(tx)?;
            let sealed = tx.seal(&place, &reply.keep()?)?;
            replies::keep(tx.conn, &scope, &key, &sealed, reply.target())?;
            Ok(reply)
        })
        .await
    }

    /// Who brings the call: the program that it comes through, or else an address.
    fn party(&self) -> Option<Party> {
        let program = self.program.map(|Program(key)| Party::Program(key));
        program.or_else(|| self.origin.map(Party::Address))
    }

    /// Takes one from the shares of whoever speaks, and from those of the caller's program or address, before the database is asked for
    /// anything. A person who moderates says as much as they like.
    ///
    /// # Errors
    /// `too_many`, with the seconds to wait.
    pub fn within_limits(&self, act: Act, who: Option<CommenterId>) -> Result<Option<Standing>, Problem> {
        let is_talk = matches!(act, Act::Comment | Act::React | Act::Report);
        let moderates = |user: &User| user.key().is_none() && user.may::<ModerateComments>();
        if is_talk && self.viewer.user().is_some_and(moderates) {
            return Ok(None);
        }
        let taken = self.app.limits().take(act, who, self.party(), self.app.now());
        taken.map(Some).map_err(too_many)
    }

    /// Does what rests on a password or a code that belongs to a name, whoever calls. One try is taken before and given back after,
    /// unless what was given is wrong: then the refusal says what is left. Who does not wait for the answer has used it up.
    ///
    /// # Errors
    /// `too_many`, with the seconds to wait; and those of the work.
    pub async fn attempt<T>(&self, name: &str, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
        let limits = self.app.limits();
        if !limits.is_at_home(name, self.party(), self.app.now()) {
            // Another node may know, or this one before it was started.
            let place = self.place(name);
            if self.app.read(move |read| auth::is_home(read, &place)).await? {
                self.welcome(name);
            }
        }
        let attempt = limits.attempt(name, self.party(), self.app.now()).map_err(too_many)?;
        match work.await {
            Err(problem) if problem.is_wrong_guess() => {
                Err(Problem { standing: Some(Box::new(attempt.standing)), ..problem })
            }
            done => {
                limits.give_back(&attempt, self.app.now());
                done
            }
        }
    }

    /// What tells somebody with this name who calls from there from all others.
    pub fn place(&self, name: &str) -> [u8; 16] {
        self.app.limits().place(name, self.party())
    }

    /// Somebody with this name has signed in: from there, strangers elsewhere don't shut them out.
    pub fn welcome(&self, name: &str) {
        self.app.limits().welcome(name, self.party(), self.app.now());
    }

    /// The language that the caller reads.
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// Where it comes from, as far as that tells callers apart: many come through one program.
    pub fn origin(&self) -> Option<Origin> {
        self.origin.filter(|_| self.program.is_none())
    }

    /// 308 to something with a readable name, with the query that came.
    pub fn moved(&self, folder: &str, slug: &str) -> Reply {
        let query = self.route.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
        Reply::moved(address(folder, slug) + &query)
    }

    /// Says that this call, if it goes well, is no news for the audit log: it only reads.
    pub fn changes_nothing(&self) {
        if let Some(deed) = &self.deed {
            deed.note();
        }
    }

    /// The versions that the caller's change may be based on.
    pub fn expected(&self) -> Result<Expected, Problem> {
        let header = self.if_match.as_ref().ok_or_else(|| Problem::new(Code::PreconditionRequired))?;
        let version = |tag: &str| tag::value(tag)?.parse().ok();
        Ok(Expected(header.split(',').filter_map(version).collect()))
    }

    /// A refusal in the caller's language, for an answer that has several.
    pub fn explain(&self, problem: &Problem) -> Value {
        problem.body(self.lang, &self.path, &self.request_id)
    }

    /// Tells the audit log of a refusal that is one of several in an answer.
    pub fn note_refusal<K>(&self, target: Id<K>, problem: &Problem) {
        deeds::conclude_part(&self.app, &self.actor(), self.deed.clone(), target.uuid(), problem);
    }

    /// Tells the audit log whose password was not the one that was given, which the call itself must tell nobody.
    pub fn note_wrong_password(&self, user: UserId, problem: &Problem) {
        let signing_in = |deed: &Arc<Deed>| Deed::new(deed.method.clone(), deed.route.clone(), SIGN_IN.into(), None);
        let deed = self.deed.as_ref().map(signing_in).map(Arc::new);
        deeds::conclude_part(&self.app, &self.actor(), deed, user.uuid(), problem);
    }

    /// Who makes the change, for the audit log.
    pub fn actor(&self) -> Actor {
        let deed = self.deed.clone();
        let user = self.viewer.user().filter(|_| !deed.as_ref().is_some_and(|deed| deeds::is_nameless(deed)));
        Actor { caller: user.map(User::caller), request_id: self.request_id.clone(), deed, origin: self.origin() }
    }

    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let missing = || Problem::internal("the app is not set up");
        let app = request.app_data::<web::Data<App>>().ok_or_else(missing)?;
        let contract = request.app_data::<web::Data<Contract>>().ok_or_else(missing)?;
        contract.query(request)?;
        if !accepts(request, None) && !contract.produces(request, |kind| accepts(request, Some(kind))) {
            return Err(Problem::new(Code::NotAcceptable));
        }
        let header = |name: &str| -> Result<Option<String>, Problem> {
            let values: Result<Vec<&str>, _> = request.headers().get_all(name).map(|value| value.to_str()).collect();
            let values = values.map_err(|_| Problem::new(Code::Malformed).with("header", name))?;
            // Several lines of a list are one list (RFC 9110 §5.3).
            Ok(Some(values.join(", ")).filter(|_| !values.is_empty()))
        };
        let idempotency_key = match header("idempotency-key")? {
            Some(_) if request.method() != Method::POST => None,
            Some(key) if key.is_empty() || key.len() > KEY_BYTES_MAX || key.contains(", ") => {
                return Err(Problem::new(Code::Malformed).with("header", "idempotency-key"));
            }
            key => key,
        };
        Ok(Self {
            app: app.get_ref().clone(),
            viewer: Viewer::of(request),
            began: app.now(),
            request_id: RequestId::of(request),
            if_match: header(IF_MATCH.as_str())?,
            idempotency_key,
            guest: header(GUEST)?,
            route: route(request),
            path: request.path().to_owned(),
            lang: Lang::negotiate(header(ACCEPT_LANGUAGE.as_str())?.as_deref()),
            deed: deeds::announced(request),
            origin: app.limits().origin(caller::address(request, &app.config().http)),
            program: Program::of(request),
        })
    }
}

fn too_many(standing: Standing) -> Problem {
    Problem { standing: Some(Box::new(standing)), ..Problem::new(Code::TooMany) }
}

impl FromRequest for Call {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// What is asked, whatever host the caller believes to be talking to.
fn route(request: &HttpRequest) -> String {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    format!("{} {target}", request.method())
}

/// Whether the caller takes a media type, or else anything (RFC 9110 §12.5.1), as one does who does not say.
fn accepts(request: &HttpRequest, kind: Option<&str>) -> bool {
    let takes = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let given = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|part| part.strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0_f32));
        let fits = |kind: &str| given == kind || given.strip_suffix('*').is_some_and(|most| kind.starts_with(most));
        !refused && (matches!(given.as_str(), "" | "*/*") || kind.is_some_and(fits))
    };
    let mut given = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok()).peekable();
    given.peek().is_none() || given.flat_map(|value| value.split(',')).any(takes)
}

/// The versions in `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected(Vec<i64>);

impl Expected {
    /// One version, for those who know it without a header.
    pub fn version(version: i64) -> Self {
        Self(vec![version])
    }

    /// Refuses a change that is not based on the present version.
    pub fn check(&self, present: i64) -> Result<(), Problem> {
        if self.0.contains(&present) { Ok(()) } else { Err(Problem::stale(present)) }
    }
}

impl Problem {
    /// The change was based on another version than the present one.
    pub fn stale(present: i64) -> Self {
        Self { etag: Some(format!("\"{present}\"")), ..Self::new(Code::Stale) }
    }
}

/// What a program says of itself (RFC 9110 §10.1.5), as far as it is a line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent(pub Option<String>);

impl FromRequest for Agent {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let said = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        let cut = said.map(|said| said.chars().take(AGENT_MAX).collect::<String>());
        ready(Ok(Self(cut.filter(|line| !line.trim().is_empty()))))
    }
}

/// One segment of a path, percent-decoded: an id, or a slug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment(pub String);

impl Segment {
    /// The id that the segment must be. What is no id names nothing.
    pub fn id<K>(&self) -> Result<Id<K>, Problem> {
        Id::parse(&self.0).map_err(|_| Problem::not_found())
    }

    /// The router has decoded all but `%25`, `%2B` and `%2F`. A control character names nothing.
    fn nth(request: &HttpRequest, n: usize) -> Result<Self, Problem> {
        let (_, raw) = request.match_info().iter().nth(n).ok_or_else(Problem::not_found)?;
        match percent_decode_str(raw).decode_utf8() {
            Ok(text) if !text.chars().any(char::is_control) => Ok(Self(text.into_owned())),
            _ => Err(Problem::not_found()),
        }
    }
}

impl FromRequest for Segment {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// The first segment that the route's pattern names.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::nth(request, 0))
    }
}

/// The first two segments that the route's pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments(pub Segment, pub Segment);

impl FromRequest for Segments {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let both = Segment::nth(request, 0).and_then(|first| Ok(Self(first, Segment::nth(request, 1)?)));
        ready(both)
    }
}

/// The path of something with a readable name, in ASCII as headers want it.
pub fn address(folder: &str, slug: &str) -> String {
    format!("{folder}/{}", utf8_percent_encode(slug, percent_encoding::NON_ALPHANUMERIC))
}
