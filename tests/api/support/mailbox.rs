//! Where an application's letters arrive: a folder, or a mail server of the test's own.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use khabar::users::letters::post_next;
use tempfile::TempDir;

use super::TestApp;

/// A letter as it arrived.
#[derive(Clone, Debug)]
pub struct Letter {
    pub whole: String,
    pub to: String,
    pub text: String,
}

impl Letter {
    pub fn read(whole: String) -> Self {
        let (head, body) = whole.split_once("\r\n\r\n").expect("a head and a body");
        let to = head.lines().find_map(|line| line.strip_prefix("To: ")).expect("an address").to_owned();
        let text = if head.contains("Content-Transfer-Encoding: base64") {
            String::from_utf8(STANDARD.decode(body.replace("\r\n", "")).unwrap()).unwrap()
        } else {
            unquoted(body)
        };
        Self { whole, to, text }
    }

    /// The code in it: the only word that is as long.
    pub fn code(&self) -> String {
        self.find_code().expect("a code")
    }

    /// The same, if there is any.
    pub fn find_code(&self) -> Option<String> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let mut codes = self.text.split(|c| !is_part(c)).filter(|word| word.len() == 43);
        codes.next().map(ToOwned::to_owned)
    }
}

/// What quoted-printable means (RFC 2045 §6.7).
fn unquoted(body: &str) -> String {
    let mut bytes = Vec::new();
    let joined = body.replace("=\r\n", "");
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        let (byte, left) = match hex {
            Some(byte) if *first == b'=' => (byte, &after[2..]),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8(bytes).unwrap()
}

/// A folder where letters arrive.
pub struct Mailbox(TempDir);

impl Mailbox {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The settings of an application that posts here.
    pub fn settings(&self) -> String {
        format!("[mail]\nurl = \"file:{}\"\nfrom = \"Khabar <desk@khabar.example>\"\n", self.0.path().display())
    }

    /// Has all that is due posted, and takes it out, in the order in which it was written.
    pub async fn letters(&self, app: &TestApp) -> Vec<Letter> {
        while post_next(&app.app).await.unwrap() {}
        let mut files: Vec<_> = std::fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let taken = files.iter().map(|file| {
            let whole = std::fs::read_to_string(file).unwrap();
            std::fs::remove_file(file).unwrap();
            Letter::read(whole)
        });
        taken.collect()
    }

    /// The same, where there is one.
    pub async fn letter(&self, app: &TestApp) -> Letter {
        let letters = self.letters(app).await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters[0].clone()
    }
}

/// A mail server that answers the first letters as it is told, and takes all others.
pub struct MailServer {
    pub url: String,
    taken: Receiver<String>,
}

impl MailServer {
    pub fn start(refusals: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (leave, taken) = channel();
        let mut refusals: VecDeque<&'static str> = refusals.iter().copied().collect();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                let say = |line: &str| write!(&stream, "{line}\r\n").unwrap();
                say("220 mail.test");
                let mut line = String::new();
                while lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                    let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
                    match &*word {
                        "EHLO" => say("250-mail.test\r\n250 8BITMIME"),
                        "RCPT" => match refusals.pop_front() {
                            Some(refusal) => say(refusal),
                            None => say("250 ok"),
                        },
                        "DATA" => {
                            say("354 go on");
                            let mut whole = String::new();
                            while !whole.ends_with("\r\n.\r\n") {
                                lines.read_line(&mut whole).unwrap();
                            }
                            leave.send(whole).unwrap();
                            say("250 taken");
                        }
                        "QUIT" => say("221 bye"),
                        _ => say("250 ok"),
                    }
                    line.clear();
                }
            }
        });
        Self { url, taken }
    }

    /// The letters that were taken since the last look.
    pub fn taken(&self) -> Vec<String> {
        self.taken.try_iter().collect()
    }
}
