//! The HTTP server: which layers a request passes, and where each room's routes hang.

use std::any::Any;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Actix, Error, HttpServer, web};
use futures_util::future::select;

use crate::app::App;
use crate::cache;
use crate::config::Config;
use crate::events::Hub;
use crate::http::{Contract, Routes, layer};
use crate::{
    alerts, articles, audit, authors, collections, comments, embargo, events, feeds, keys, oidc, openapi, operation,
    privacy, push, readership, sections, site, sources, stories, streams, sync, tags, users, webhooks,
};

/// Connections that one worker takes: streams are many and idle.
const CONNECTIONS_MAX: usize = 50_000;
/// How long a client may take to send the head of its first request.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
/// How long a client may leave what was sent unread.
#[cfg(target_os = "linux")]
const STUCK: Duration = Duration::from_secs(60);

/// Hangs every room's routes where they belong. The router tries them one after the other, so what readers ask
/// for most stands first, and the newsroom hides behind one prefix.
pub fn routes(config: &mut Routes<'_>) {
    config
        .scope("/api/v1", |config| {
            config.configure(articles::http::delivery::routes).scope("/newsroom", newsroom).configure(delivery);
        })
        .configure(feeds::http::routes)
        .configure(operation::routes);
}

fn delivery(config: &mut Routes<'_>) {
    config
        .configure(streams::http::delivery)
        .configure(sync::http::delivery)
        .configure(alerts::http::delivery)
        .configure(articles::http::previews::delivery)
        .configure(articles::http::search::routes)
        .configure(comments::http::delivery::routes)
        .configure(comments::http::reactions::routes)
        .configure(comments::http::reports::delivery)
        .configure(readership::http::delivery)
        .configure(stories::http::delivery)
        .configure(collections::http::delivery)
        .configure(site::http::delivery)
        .configure(sources::http::delivery)
        .configure(sections::http::delivery)
        .configure(tags::http::delivery)
        .configure(authors::http::delivery)
        .configure(push::http::delivery)
        .configure(privacy::http::routes)
        .configure(users::http::accounts)
        .configure(users::http::own_sessions)
        .configure(users::http::own_factor)
        .configure(users::http::recovery)
        .configure(users::http::acceptance)
        .configure(oidc::http::routes);
}

fn newsroom(config: &mut Routes<'_>) {
    config
        .configure(articles::http::worklist::routes)
        .configure(articles::http::newsroom::routes)
        .configure(articles::http::bulk::routes)
        .configure(articles::http::steps::routes)
        .configure(articles::http::translations::routes)
        .configure(articles::http::revisions::routes)
        .configure(articles::http::locks::routes)
        .configure(articles::http::discussions::routes)
        .configure(articles::http::previews::newsroom)
        .configure(alerts::http::newsroom)
        .configure(comments::http::newsroom::routes)
        .configure(comments::http::reports::newsroom)
        .configure(comments::badges::http::routes)
        .configure(readership::http::newsroom)
        .configure(stories::http::newsroom)
        .configure(collections::http::newsroom)
        .configure(site::http::newsroom)
        .configure(sources::http::newsroom)
        .configure(sections::http::newsroom)
        .configure(tags::http::newsroom)
        .configure(authors::http::newsroom)
        .configure(users::http::newsroom)
        .configure(users::http::sessions)
        .configure(users::http::invitations)
        .configure(users::http::factors)
        .configure(oidc::http::newsroom)
        .configure(embargo::http::newsroom)
        .configure(events::http::newsroom)
        .configure(audit::http::newsroom)
        .configure(webhooks::http::newsroom)
        .configure(keys::http::newsroom);
}

/// The whole application, as the server and the tests run it.
pub fn application(
    app: App,
    contract: web::Data<Contract>,
) -> Actix<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let cors = cors(app.config());
    Actix::new()
        .app_data(web::Data::new(app))
        .app_data(contract)
        .configure(openapi::mount)
        .default_service(web::to(layer::nowhere))
        .wrap(from_fn(layer::innermost))
        .wrap(Compress::default())
        .wrap(from_fn(cache::http::shared))
        .wrap(cors)
        .wrap(from_fn(layer::outermost))
        .wrap(cache::http::early::Early)
}

/// Listens and answers, until the process is told to stop; then streams end, and the future does once open requests are
/// finished.
pub fn start(app: App) -> std::io::Result<Server> {
    let config = app.config().clone();
    let hub = Arc::clone(app.hub());
    let contract = web::Data::new(Contract::new(openapi::TEXT)?);
    let server = HttpServer::new(move || application(app.clone(), contract.clone()))
        .shutdown_timeout(config.http.shutdown_seconds)
        .max_connections(CONNECTIONS_MAX)
        .client_request_timeout(HEAD_PATIENCE)
        // A client that closes its side has gone: a stream gives its seat back at once, not at the next heartbeat but one.
        .h1_allow_half_closed(false)
        // A frame is small and goes out by itself; it must not wait for the receipt of the one before.
        .tcp_nodelay(true)
        .on_connect(|connection, _| limit_patience(connection))
        .disable_signals();
    let server = match config.http.workers {
        0 => server,
        workers => server.workers(workers),
    };
    let server = server.bind(config.bind)?;
    tracing::info!(address = %config.bind, "listening");
    let server = server.run();
    actix_web::rt::spawn(stop_when_told(hub, server.handle()));
    Ok(server)
}

/// Waits for the system's word, sends the streams home, and lets open requests finish.
async fn stop_when_told(hub: Arc<Hub>, server: ServerHandle) {
    if let Err(error) = told_to_stop().await {
        tracing::error!(%error, "can't hear signals; stop this process by ending it");
        return;
    }
    tracing::info!("stopping; open requests are finished first");
    hub.close();
    server.stop(true).await;
}

#[cfg(unix)]
async fn told_to_stop() -> std::io::Result<()> {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (terminate, interrupt) = (pin!(terminate.recv()), pin!(interrupt.recv()));
    select(terminate, interrupt).await;
    Ok(())
}

#[cfg(not(unix))]
async fn told_to_stop() -> std::io::Result<()> {
    actix_web::rt::signal::ctrl_c().await
}

/// Ends a connection whose client has taken nothing for a while, so that one that is stuck does not hold a stream open.
fn limit_patience(connection: &dyn Any) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() {
        let limited = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(STUCK));
        drop(limited.inspect_err(|error| tracing::debug!(%error, "no time limit for this connection")));
    }
}

fn cors(config: &Config) -> Cors {
    let origins = &config.http.cors_origins;
    let cors = Cors::default()
        .allow_any_method()
        .allow_any_header()
        // What answers vary by is said in one place.
        .disable_vary_header()
        .expose_headers([
            "etag",
            "link",
            "location",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "x-request-id",
            "idempotency-replayed",
        ])
        .max_age(86_400);
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin().send_wildcard();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
