//! What requests do that may change something, or are refused to somebody known, and what became of them, for the audit log.

use std::sync::Arc;

use actix_web::HttpMessage as _;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use uuid::Uuid;

use super::call::RequestId;
use super::contract::Contract;
use crate::app::App;
use crate::audit::{Call, KEY_USE, Outcome};
use crate::auth::viewer::Astray;
use crate::auth::{Actor, Deed, User, Viewer};
use crate::problem::{Code, Problem};

/// A noun whose lines name nobody: which browsers are subscribed is nobody's business.
const NAMELESS: &str = "push";
/// What is done by nobody in particular: who has reported a comment must fear nobody.
const NAMELESS_ACTION: &str = "comment.report";

/// Names what a request does, before anything else of it is read.
pub(super) fn announce(request: &ServiceRequest) {
    let request = request.request();
    if let Some(deed) = (!request.method().is_safe()).then(|| of(request)).flatten() {
        request.extensions_mut().insert(Arc::new(deed));
    }
}

/// What a request does, if it may change something.
pub(super) fn announced(request: &HttpRequest) -> Option<Arc<Deed>> {
    request.extensions().get::<Arc<Deed>>().cloned()
}

/// Whether a deed is done by nobody in particular.
pub(super) fn is_nameless(deed: &Deed) -> bool {
    deed.kind == NAMELESS || deed.action == NAMELESS_ACTION
}

/// Hands a call to the audit log that has no line there: it was refused, or it could have changed something and did not.
pub(super) fn conclude<B: MessageBody>(response: &ServiceResponse<B>) {
    let (request, status) = (response.request(), response.status());
    let Some(app) = request.app_data::<web::Data<App>>() else { return };
    if let Some(Astray(key)) = Astray::of(request) {
        let tried = of(request).map(|deed| Deed::new(deed.method, deed.route, KEY_USE.into(), None));
        let (actor, problem) = (stranger(RequestId::of(request)), Problem::new(Code::Unauthenticated));
        conclude_part(app, &actor, tried.map(Arc::new), key.uuid(), &problem);
    }
    let viewer = Viewer::of(request);
    // What is only read is noted where somebody known may not: what strangers may not read is told to all of them alike.
    let is_shut = status == StatusCode::FORBIDDEN && viewer.user().is_some();
    let shut = || is_shut.then(|| of(request).map(Arc::new)).flatten();
    let Some(deed) = announced(request).or_else(shut) else { return };
    let is_refused = status.is_client_error() || status.is_server_error();
    if !is_refused && deed.is_noted() {
        return;
    }
    let code = request.extensions().get::<Code>().filter(|_| is_refused).map(|code| code.word());
    app.waiting().add(Call {
        at: app.now(),
        actor: viewer.user().filter(|_| !is_nameless(&deed)).map(User::caller),
        target: deed.target,
        deed,
        outcome: if is_refused { Outcome::Refused } else { Outcome::Allowed },
        status: status.as_u16(),
        code,
        request_id: RequestId::of(request),
        times: 1,
    });
}

/// Hands the refusal of a part of a call to the audit log, which else knows the call only as a whole.
pub(super) fn conclude_part(app: &App, actor: &Actor, deed: Option<Arc<Deed>>, target: Uuid, problem: &Problem) {
    let Some(deed) = deed else { return };
    app.waiting().add(Call {
        at: app.now(),
        actor: actor.caller,
        target: Some(target),
        deed,
        outcome: Outcome::Refused,
        status: problem.code.status().as_u16(),
        code: Some(problem.code.word()),
        request_id: actor.request_id.clone(),
        times: 1,
    });
}

/// Somebody of whom nothing is known.
fn stranger(request_id: String) -> Actor {
    Actor { caller: None, request_id, deed: None, origin: None }
}

fn of(request: &HttpRequest) -> Option<Deed> {
    let contract = request.app_data::<web::Data<Contract>>()?;
    // As the router reads it, in whichever letters it was sent.
    let path = request.match_info().as_str();
    let (route, name) = contract.operation_at(request.method().as_str(), path)?;
    let target = target(route, path);
    Some(Deed::new(request.method().to_string(), route.to_owned(), action(route, name), target))
}

/// `noun.verb`, from an operation's path and name: the noun is what the path names first, and the verb does not repeat it.
fn action(route: &str, operation_id: &str) -> String {
    let path = route.strip_prefix("/api/v1/").unwrap_or(route);
    let path = path.strip_prefix("newsroom/").unwrap_or(path);
    let mut segments = path.split('/');
    let first = segments.next().unwrap_or_default();
    let named = path.split('/').take_while(|segment| !segment.starts_with('{')).last().filter(|_| path.contains('{'));
    let noun = singular(named.unwrap_or(first));
    let verb = operation_id.strip_suffix(&format!("_{noun}")).unwrap_or(operation_id);
    format!("{noun}.{verb}")
}

fn singular(segment: &str) -> String {
    let noun = match segment {
        "auth" => "session".to_owned(),
        "me" => "user".to_owned(),
        _ => match segment.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => segment.strip_suffix('s').unwrap_or(segment).to_owned(),
        },
    };
    noun.replace('-', "_")
}

/// The first id in a path.
fn target(route: &str, path: &str) -> Option<Uuid> {
    let pairs = route.split('/').zip(path.split('/'));
    let (_, first) = pairs.into_iter().find(|(name, _)| name.starts_with('{'))?;
    Some(first).filter(|id| id.len() == 36).and_then(|id| Uuid::try_parse(id).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_named_after_what_they_are_done_to() {
        for (route, id, expected) in [
            ("/api/v1/newsroom/articles", "create_article", "article.create"),
            ("/api/v1/newsroom/articles/{id}/publish", "publish_article", "article.publish"),
            ("/api/v1/newsroom/users/{id}/password", "reset_password", "user.reset_password"),
            ("/api/v1/newsroom/stories/{id}", "update_story", "story.update"),
            (
                "/api/v1/newsroom/webhooks/{id}/deliveries/{delivery}/redeliver",
                "redeliver_delivery",
                "webhook.redeliver_delivery",
            ),
            ("/api/v1/articles/{id}/comments", "post_comment", "article.post_comment"),
            ("/api/v1/comments/{id}/reports", "report_comment", NAMELESS_ACTION),
            ("/api/v1/auth/login", "open_session", "session.open"),
            ("/api/v1/me", "update_me", "user.update_me"),
            ("/api/v1/push/unsubscribe", "unsubscribe_push", "push.unsubscribe"),
            ("/api/v1/newsroom/site", "update_site", "site.update"),
        ] {
            assert_eq!(action(route, id), expected);
        }
    }

    #[test]
    fn only_an_id_is_a_target() {
        let id = "0192f3a4-5b6c-7d8e-9f01-23456789abcd";
        assert_eq!(target("/a/{id}/b", &format!("/a/{id}/b")), Uuid::try_parse(id).ok());
        for path in ["/a/slug/b", "/a/0192f3a45b6c7d8e9f0123456789abcd/b", "/a"] {
            assert_eq!(target("/a/{id}/b", path), None);
        }
    }
}
