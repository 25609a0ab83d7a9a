//! Where rooms hang their handlers: on the router and, while the document is made, in the document.

use actix_web::dev::HttpServiceFactory;
use actix_web::web::{self, ServiceConfig};
use utoipa::openapi::path::Paths;
use utoipa::openapi::{RefOr, Schema};
use utoipa_actix_web::OpenApiFactory;

/// What handlers say of themselves.
#[derive(Default)]
pub struct Described {
    /// Their operations.
    pub paths: Paths,
    /// The schemas that these refer to.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

/// A place for handlers. Each worker has a router of its own, but there is one document: it is made only where somebody
/// asks for it, since it takes many megabytes on the way.
pub struct Routes<'c> {
    config: &'c mut ServiceConfig,
    described: Option<&'c mut Described>,
    prefix: String,
}

impl<'c> Routes<'c> {
    /// Hangs handlers on a router.
    pub const fn serving(config: &'c mut ServiceConfig) -> Self {
        Self { config, described: None, prefix: String::new() }
    }

    /// Asks handlers what they say of themselves.
    pub const fn describing(config: &'c mut ServiceConfig, described: &'c mut Described) -> Self {
        Self { config, described: Some(described), prefix: String::new() }
    }

    /// Adds a handler.
    pub fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, handler: F) -> &mut Self {
        if let Some(described) = &mut self.described {
            for (path, item) in handler.paths().paths {
                described.paths.merge(Paths::builder().path(format!("{}{path}", self.prefix), item).build());
            }
            handler.schemas(&mut described.schemas);
        }
        self.config.service(handler);
        self
    }

    /// Adds the handlers of a room.
    pub fn configure(&mut self, add: impl FnOnce(&mut Routes<'_>)) -> &mut Self {
        add(self);
        self
    }

    /// Adds handlers below a path.
    pub fn scope(&mut self, path: &str, add: impl FnOnce(&mut Routes<'_>)) -> &mut Self {
        let prefix = format!("{}{path}", self.prefix);
        let described = self.described.as_deref_mut();
        let scope = web::scope(path).configure(|config| add(&mut Routes { config, described, prefix }));
        self.config.service(scope);
        self
    }
}
