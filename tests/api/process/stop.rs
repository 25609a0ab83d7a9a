//! A server that is told to stop finishes what it has begun.

use std::io::{Read as _, Write as _};

use serde_json::json;

use crate::support::process::{Home, until};

#[test]
fn a_server_that_is_told_to_stop_finishes_the_open_request() {
    let home = Home::new();
    let email = home.account("editor");
    let mut server = home.serve();
    let token = server.sign_in(&email).token();
    let body = json!({ "name": "هيا", "kind": "own" }).to_string();
    let (first, rest) = body.as_bytes().split_at(10);
    let mut open = server.connect();
    let head = format!(
        "POST /api/v1/newsroom/sources HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    open.write_all(head.as_bytes()).unwrap();
    // The invitation to send the body: by now the request is being served.
    let mut invited = [0; 12];
    open.read_exact(&mut invited).unwrap();
    assert_eq!(&invited, b"HTTP/1.1 100");
    open.write_all(first).unwrap();
    server.terminate();
    until("the server takes no more requests", || (!server.is_listening()).then_some(()));
    open.write_all(rest).unwrap();
    let mut answer = String::new();
    open.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("HTTP/1.1 201 "), "{answer}");
    assert_eq!(server.ended().code(), Some(0), "{}", server.err());

    let again = home.serve();
    assert_eq!(again.ask().get("/api/v1/sources").expect(200).json["items"][0]["name"], "هيا");
}
