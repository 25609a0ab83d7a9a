//! Clients that take their time: each has a deadline, and none keeps the others waiting.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::process::{Home, Server, within};

/// How many are slow at once.
const CROWD: usize = 300;
/// How long a head may take, with room for a busy machine.
const HEAD: Duration = Duration::from_secs(9);
/// How soon somebody is answered who is not slow.
const SOON: Duration = Duration::from_secs(3);

/// What a connection has said so far, and whether the server has ended it.
struct Slow {
    stream: TcpStream,
    heard: Vec<u8>,
    is_over: bool,
}

impl Slow {
    /// Connects and begins with this.
    fn begin(server: &Server, first: &str) -> Self {
        let mut stream = server.connect();
        stream.write_all(first.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        Self { stream, heard: Vec::new(), is_over: false }
    }

    /// Sends one more byte or so, and hears what has come.
    fn drip(&mut self, drop: &str) {
        if self.is_over {
            return;
        }
        let is_sent = self.stream.write_all(drop.as_bytes());
        let mut bytes = [0; 4_096];
        self.is_over = loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => break true,
                Ok(count) => self.heard.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break is_sent.is_err(),
                Err(_) => break true,
            }
        };
    }

    fn answer(&self) -> String {
        String::from_utf8_lossy(&self.heard).into_owned()
    }
}

/// Drips until the server has ended all of them; how long that took.
fn drip_until_over(crowd: &mut [Slow], drop: &str, patience: Duration, mut meanwhile: impl FnMut()) -> Duration {
    let began = Instant::now();
    while crowd.iter().any(|slow| !slow.is_over) {
        assert!(began.elapsed() < patience, "{} go on", crowd.iter().filter(|slow| !slow.is_over).count());
        for slow in crowd.iter_mut() {
            slow.drip(drop);
        }
        meanwhile();
        std::thread::sleep(Duration::from_millis(100));
    }
    began.elapsed()
}

fn is_soon(server: &Server) {
    let began = Instant::now();
    server.ask().get("/health/ready").expect(200);
    server.ask().get("/api/v1/site").expect(200);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn a_body_that_drips_does_not_outlive_the_right_to_send_it() {
    let home = Home::new();
    let (admin, editor) = (home.account("admin"), home.account("editor"));
    let server = home.serve();
    let (admin, editor) = (server.sign_in(&admin), server.sign_in(&editor));
    let drip = |name: &str, meanwhile: &dyn Fn()| {
        let body = format!("{{\"name\":\"{name}\",\"kind\":\"agency\"}}");
        let (most, last) = body.split_at(body.len() - 1);
        let (token, length) = (editor.token(), body.len());
        let mut slow = Slow::begin(
            &server,
            &format!(
                "POST /api/v1/newsroom/sources HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{most}"
            ),
        );
        std::thread::sleep(Duration::from_millis(2_500));
        meanwhile();
        slow.drip(last);
        within(SOON, "an answer", || {
            slow.drip("");
            slow.is_over.then_some(())
        });
        slow.answer()
    };
    let taken = drip("one", &|| ());
    assert!(taken.starts_with("HTTP/1.1 201"), "{taken}");
    let shut_out = || {
        let id = editor.get("/api/v1/me").expect(200).json["id"].as_str().unwrap().to_owned();
        let account = format!("/api/v1/newsroom/users/{id}");
        let tag = admin.get(&account).expect(200).header("etag");
        admin.patch(&account, &[("if-match", &tag)], &json!({ "isActive": false })).expect(200);
    };
    let refused = drip("two", &shut_out);
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("unauthenticated"), "{refused}");
    let sources = admin.get("/api/v1/newsroom/sources").expect(200);
    assert_eq!(sources.json["items"].as_array().unwrap().len(), 1);
}

#[test]
fn three_hundred_slow_heads_keep_nobody_waiting_and_have_an_end() {
    let server = Home::new().serve();
    let begin = |n: usize| Slow::begin(&server, &format!("GET /api/v1/site HTTP/1.1\r\nhost: x\r\nx-{n}: "));
    let mut crowd: Vec<Slow> = (0..CROWD).map(begin).collect();
    is_soon(&server);
    let took = drip_until_over(&mut crowd, "a", HEAD, || is_soon(&server));
    assert!(took > Duration::from_secs(2), "a slow line may be slow: {took:?}");
    // Those who are told anything are told why.
    assert!(crowd.iter().all(|slow| slow.heard.is_empty() || slow.answer().starts_with("HTTP/1.1 408 ")));
    // Nothing at all is no head either.
    let mut silent = [Slow::begin(&server, "")];
    drip_until_over(&mut silent, "", HEAD, || ());
}

#[test]
fn a_body_that_nobody_waits_for_ends_the_connection() {
    let server = Home::new().serve();
    let head = "POST /api/v1/newsroom/sources HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for (length, first, drop) in [
        ("content-length: 100000", "{", " "),
        ("transfer-encoding: chunked", "1\r\n{\r\n", "1\r\n \r\n"),
        ("transfer-encoding: chunked", "", ""),
    ] {
        let mut crowd = [Slow::begin(&server, &format!("{head}{length}\r\n\r\n{first}"))];
        drip_until_over(&mut crowd, drop, HEAD, || ());
        assert!(crowd[0].answer().starts_with("HTTP/1.1 401 "), "{length}: {}", crowd[0].answer());
    }
    is_soon(&server);
    // What has come whole goes on as before.
    let whole = "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let login = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let after = "GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answers = server.send(format!("{login}{whole}{after}").as_bytes());
    assert!(answers.starts_with("HTTP/1.1 422 ") && answers.contains("HTTP/1.1 200 "), "{answers}");
}

#[test]
fn three_hundred_slow_bodies_keep_nobody_waiting() {
    let server = Home::new().serve();
    let head =
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let mut crowd: Vec<Slow> = (0..CROWD).map(|_| Slow::begin(&server, head)).collect();
    for _ in 0..10 {
        for slow in &mut crowd {
            slow.drip(" ");
        }
        is_soon(&server);
    }
    assert!(crowd.iter().all(|slow| !slow.is_over), "a body may take longer than a head");
}
