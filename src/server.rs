//! The HTTP server: which layers a request passes, and where each room's routes hang.

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Actix, Error, HttpServer, web};
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::app::App;
use crate::config::Config;
use crate::http::{Contract, layer};
use crate::{alerts, articles, authors, comments, openapi, operation, sections, site, sources, tags, users};

/// Hangs every room's routes where they belong. The router tries them one after the other, so what readers ask
/// for most stands first, and the newsroom hides behind one prefix.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            scope::scope("/api/v1")
                .configure(articles::http::delivery::routes)
                .service(scope::scope("/newsroom").configure(newsroom))
                .configure(delivery),
        )
        .configure(operation::routes);
}

fn delivery(config: &mut ServiceConfig<'_>) {
    config
        .configure(alerts::http::delivery)
        .configure(comments::http::delivery::routes)
        .configure(site::http::delivery)
        .configure(sources::http::delivery)
        .configure(sections::http::delivery)
        .configure(tags::http::delivery)
        .configure(authors::http::delivery)
        .configure(users::http::accounts);
}

fn newsroom(config: &mut ServiceConfig<'_>) {
    config
        .configure(articles::http::newsroom::routes)
        .configure(alerts::http::newsroom)
        .configure(comments::http::newsroom::routes)
        .configure(site::http::newsroom)
        .configure(sources::http::newsroom)
        .configure(sections::http::newsroom)
        .configure(tags::http::newsroom)
        .configure(authors::http::newsroom)
        .configure(users::http::newsroom);
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
        .wrap(cors)
        .wrap(Compress::default())
        .wrap(from_fn(layer::outermost))
}

/// Listens and answers, until the process is told to stop; then the future ends once open requests are finished.
pub fn start(app: App) -> std::io::Result<Server> {
    let config = app.config().clone();
    let contract = web::Data::new(Contract::new(openapi::document()));
    let server = HttpServer::new(move || application(app.clone(), contract.clone()))
        .shutdown_timeout(config.http.shutdown_seconds);
    let server = match config.http.workers {
        0 => server,
        workers => server.workers(workers),
    };
    let server = server.bind(config.bind)?;
    tracing::info!(address = %config.bind, "listening");
    Ok(server.run())
}

fn cors(config: &Config) -> Cors {
    let origins = &config.http.cors_origins;
    let cors = Cors::default()
        .allow_any_method()
        .allow_any_header()
        .expose_headers(["etag", "link", "location", "retry-after", "x-request-id", "idempotency-replayed"])
        .max_age(86_400);
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin().send_wildcard();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
