#![allow(clippy::unwrap_used)]
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::client::{Answer, Failure, Outbound, Resolver};
use crate::config::{self, Config};

/// A receiver on a port of its own, which answers one request with these bytes and gives back what it heard.
fn receiver(answer: Vec<u8>) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let heard = hear(&mut socket);
        // Who asked may hang up before the end of a long answer.
        let _ = socket.write_all(&answer);
        String::from_utf8_lossy(&heard).into_owned()
    });
    (port, heard)
}

/// Reads a request to the end of its body, which is `{}` in every test.
fn hear(socket: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    while !heard.ends_with(b"{}") {
        let mut part = [0; 4096];
        let read = socket.read(&mut part).unwrap();
        assert_ne!(read, 0, "the request ended early");
        heard.extend(part.iter().take(read));
    }
    heard
}

/// A listener that nobody may come to.
fn untouched() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

#[track_caller]
fn assert_nobody_came(listener: &TcpListener) {
    assert_eq!(listener.accept().map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
}

/// The settings with these lines in their section.
fn settings(lines: &str) -> config::Outbound {
    Config::with(&format!("[outbound]\n{lines}")).unwrap().outbound
}

/// Names mean, one question after another, what stands in the list; then the last of it for ever.
struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|one| one.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

impl Resolver for Scripted {
    fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        Ok(self.answers.get(turn).cloned().unwrap_or_default())
    }
}

fn post(outbound: &Outbound, url: &str) -> Result<Answer, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(outbound.post(url, &[("webhook-id", "msg_1".into())], Bytes::from_static(b"{}")))
}

#[test]
fn a_request_arrives_and_its_answer_comes_back() {
    let (port, heard) = receiver(b"HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\nt\0\xffnk".to_vec());
    let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]")).unwrap();
    let answer = post(&outbound, &format!("http://127.0.0.1:{port}/hook?a=b")).unwrap();
    assert_eq!((answer.status, answer.body.as_str(), answer.retry_after), (201, "t\u{fffd}\u{fffd}nk", None));
    let heard = heard.join().unwrap();
    assert!(heard.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("webhook-id: msg_1\r\n") && heard.ends_with("\r\n\r\n{}"), "{heard}");
}

#[test]
fn an_answer_that_counts_whole_comes_whole_or_not_at_all() {
    let ask = |answer: String| {
        let (port, heard) = receiver(answer.into_bytes());
        let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = format!("http://127.0.0.1:{port}/");
        let answer = runtime.block_on(outbound.ask(&url, &[], Some(Bytes::from_static(b"{}"))));
        heard.join().unwrap();
        answer
    };
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    let (most, more) = (256 * 1024, 256 * 1024 + 1);
    assert_eq!(ask(head(most) + &"x".repeat(most)), Ok((200, vec![b'x'; most])));
    assert!(matches!(ask(head(more) + &"x".repeat(more)), Err(Failure::Unreachable(_))));
    assert!(matches!(ask(head(10) + "half"), Err(Failure::Unreachable(_))));
    assert!(matches!(ask(head(most).replace("200", "500") + &"x".repeat(most)), Ok((500, _))));
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let target = untouched();
    let there = target.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let moved = format!("HTTP/1.1 {status} Moved\r\nlocation: http://{there}/\r\ncontent-length: 0\r\n\r\n");
        let (port, heard) = receiver(moved.into_bytes());
        let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]")).unwrap();
        assert_eq!(post(&outbound, &format!("http://127.0.0.1:{port}/")).unwrap().status, status);
        heard.join().unwrap();
    }
    assert_nobody_came(&target);
}

#[test]
fn an_inner_address_is_not_connected_to_whatever_it_is_called() {
    let target = untouched();
    let port = target.local_addr().unwrap().port();
    let rules = settings(&format!("ports = [{port}]"));
    for inner in ["127.0.0.1", "::ffff:127.0.0.1", "::1", "0.0.0.0", "::", "64:ff9b::7f00:1"] {
        let outbound = Outbound::with_resolver(&rules, Scripted::new(&[&[inner]])).unwrap();
        assert_eq!(post(&outbound, &format!("https://outer.example:{port}/")), Err(Failure::Refused), "{inner}");
    }
    let outbound = Outbound::new(&rules).unwrap();
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost", "0"] {
        assert_eq!(post(&outbound, &format!("https://{host}:{port}/")), Err(Failure::Refused), "{host}");
    }
    assert_nobody_came(&target);
}

#[test]
fn a_name_without_addresses_is_refused_and_one_that_is_unknown_unreachable() {
    struct Unknown;
    impl Resolver for Unknown {
        fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            Err(std::io::Error::other("no such name"))
        }
    }
    let outbound = Outbound::with_resolver(&settings(""), Scripted::new(&[&[]])).unwrap();
    assert_eq!(post(&outbound, "https://outer.example/"), Err(Failure::Refused));
    let outbound = Outbound::with_resolver(&settings(""), Arc::new(Unknown)).unwrap();
    let Err(Failure::Unreachable(why)) = post(&outbound, "https://outer.example/secret-path?token=x") else {
        unreachable!("the name is unknown")
    };
    assert!(why.contains("no such name") && !why.contains("secret") && !why.contains("token"), "{why}");
}

#[test]
fn only_the_outer_addresses_of_a_name_are_connected_to() {
    // 127.0.0.2 plays the internet: it is allowed. 127.0.0.1 plays the house.
    let internet = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = internet.local_addr().unwrap().port();
    let house = TcpListener::bind(("127.0.0.1", port)).unwrap();
    house.set_nonblocking(true).unwrap();
    let rules = settings(&format!("ports = [{port}]\ninner = [\"127.0.0.2\"]"));
    let outbound = Outbound::with_resolver(&rules, Scripted::new(&[&["127.0.0.1", "127.0.0.2"]])).unwrap();
    // No TLS there: it is enough that somebody came.
    let came = std::thread::spawn(move || internet.accept().map(drop).unwrap());
    assert!(matches!(post(&outbound, &format!("https://outer.example:{port}/")), Err(Failure::Unreachable(_))));
    came.join().unwrap();
    assert_nobody_came(&house);
}

#[test]
fn a_name_that_changes_its_meaning_between_check_and_connection_gains_nothing() {
    let internet = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = internet.local_addr().unwrap().port();
    let house = TcpListener::bind(("127.0.0.1", port)).unwrap();
    house.set_nonblocking(true).unwrap();
    let rules = settings(&format!("ports = [{port}]\ninner = [\"127.0.0.2\"]"));
    let names = Scripted::new(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let outbound = Outbound::with_resolver(&rules, names.clone()).unwrap();
    let url = format!("https://rebinding.example:{port}/");

    let came = std::thread::spawn(move || internet.accept().map(drop).unwrap());
    assert!(matches!(post(&outbound, &url), Err(Failure::Unreachable(_))));
    came.join().unwrap();
    assert_eq!(names.asked.load(Ordering::SeqCst), 1, "checked and connected to by one question");

    assert_eq!(post(&outbound, &url), Err(Failure::Refused));
    assert_nobody_came(&house);
}

#[test]
fn who_does_not_answer_in_time_is_not_waited_for() {
    // Connections are taken by the system, and nobody reads from them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]\ntimeout_seconds = 1")).unwrap();
    let began = Instant::now();
    assert_eq!(post(&outbound, &format!("http://127.0.0.1:{port}/")), Err(Failure::TimedOut));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_status_counts_though_its_body_never_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        hear(&mut socket);
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").unwrap();
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).map(|_| ())
    });
    let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]\ntimeout_seconds = 1")).unwrap();
    let answer = post(&outbound, &format!("http://127.0.0.1:{port}/")).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    drop(outbound);
    socket.join().unwrap().unwrap();
}

#[test]
fn of_a_huge_answer_only_the_beginning_is_read() {
    let start = b"HTTP/1.1 500 No\r\ncontent-length: 67108864\r\n\r\n";
    let (port, heard) = receiver([start.as_slice(), &vec![b'a'; 64 << 20]].concat());
    let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]")).unwrap();
    let answer = post(&outbound, &format!("http://127.0.0.1:{port}/")).unwrap();
    assert_eq!((answer.status, answer.body.len()), (500, 4096));
    heard.join().unwrap();
}

#[test]
fn nobody_there_is_unreachable_and_the_reason_tells_no_secret() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).unwrap().port();
    let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]")).unwrap();
    let Err(Failure::Unreachable(why)) = post(&outbound, &format!("http://127.0.0.1:{port}/secret?token=x")) else {
        unreachable!("nobody listens")
    };
    assert!(why.contains("refused") && !why.contains("secret") && !why.contains("token"), "{why}");
}

#[test]
fn a_header_that_would_split_the_request_is_not_sent() {
    let target = untouched();
    let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("http://{}/", target.local_addr().unwrap());
    let headers = [("webhook-id", "a\r\nhost: b".to_owned())];
    let sent = runtime.block_on(outbound.post(&url, &headers, Bytes::new()));
    assert!(matches!(sent, Err(Failure::Unreachable(_))), "{sent:?}");
    assert_nobody_came(&target);
}

#[test]
fn retry_after_is_read_as_seconds_and_as_a_date() {
    let date = "date: Fri, 09 Oct 2020 08:30:00 GMT\r\n";
    for (headers, seconds) in [
        ("retry-after: 120\r\n".to_owned(), Some(120)),
        ("retry-after: 0\r\n".to_owned(), Some(0)),
        (format!("{date}retry-after: Fri, 09 Oct 2020 08:31:30 GMT\r\n"), Some(90)),
        (format!("{date}retry-after: Fri, 09 Oct 2020 08:00:00 GMT\r\n"), Some(0)),
        ("retry-after: Fri, 09 Oct 2020 08:31:30 GMT\r\n".to_owned(), None),
        ("retry-after: -5\r\n".to_owned(), None),
        ("retry-after: soon\r\n".to_owned(), None),
        (date.to_owned(), None),
    ] {
        let (port, heard) = receiver(format!("HTTP/1.1 503 Busy\r\n{headers}content-length: 0\r\n\r\n").into_bytes());
        let outbound = Outbound::new(&settings("inner = [\"127.0.0.1\"]")).unwrap();
        let answer = post(&outbound, &format!("http://127.0.0.1:{port}/")).unwrap();
        assert_eq!(answer.retry_after, seconds.map(Duration::from_secs), "{headers}");
        heard.join().unwrap();
    }
}
