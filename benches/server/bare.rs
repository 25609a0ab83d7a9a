//! The fastest that the HTTP server can send some bytes: from memory, below as many routes as an API has, with nothing between
//! them and the network.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App, HttpResponse, HttpServer, web};
use bytes::Bytes;

use super::Server;
use super::load::LATEST;

/// By this word a measurement knows itself for the bare server.
const WORD: &str = "--bare";
/// Routes beside those that are asked for.
const OTHERS: usize = 37;

/// Starts it beside this measurement, with these bytes for whatever is asked.
pub fn start(folder: &Path, name: &str, body: &[u8]) -> Server {
    let file = folder.join(name);
    fs::write(&file, body).unwrap();
    Server::start(LATEST, |port| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(WORD).arg(port.to_string()).arg(file);
        command
    })
}

/// Is it, if the command line says so.
pub fn serve(arguments: &[String]) -> Option<ExitCode> {
    let [_, word, port, file] = arguments else { return None };
    if word != WORD {
        return None;
    }
    let body = Bytes::from(fs::read(file).unwrap());
    let port: u16 = port.parse().unwrap();
    let routes = move || {
        let handler = || {
            let body = body.clone();
            web::get().to(move || {
                let body = body.clone();
                async move { HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(body) }
            })
        };
        let delivery = web::scope("/articles")
            .route("/{article}", handler())
            .route("/{article}/comments", handler())
            .route("", handler());
        let others =
            (0..OTHERS).fold(web::scope("/others"), |scope, n| scope.route(&format!("/{n}/{{id}}"), handler()));
        App::new().service(web::scope("/api/v1").service(delivery).route("/search", handler()).service(others))
    };
    let server = HttpServer::new(routes).bind(("127.0.0.1", port)).unwrap().run();
    actix_web::rt::System::new().block_on(server).unwrap();
    Some(ExitCode::SUCCESS)
}
