//! How letters leave: by SMTP, or into a folder where developers read them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp;
use lettre::transport::smtp::response::Code;
use lettre::{SmtpTransport, Transport as _};

use super::Letter;
use crate::config::{self, Secret};
use crate::ids::LetterId;

/// How long a mail server may take for each step.
const SERVER_PATIENCE: Duration = Duration::from_secs(20);

/// Which way letters leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nobody has set one: there are no letters.
    None,
    /// Each becomes a file in this folder.
    Folder(PathBuf),
    /// A server takes them; the address holds its password.
    Server(Secret),
}

impl Way {
    /// Reads `file:folder`, `smtp://…` or `smtps://…`; empty is none.
    pub fn parse(url: &str) -> Option<Self> {
        match url.split_once(':') {
            None if url.is_empty() => Some(Self::None),
            Some(("file", folder)) if !folder.is_empty() => Some(Self::Folder(folder.trim_start_matches("//").into())),
            Some(("smtp" | "smtps", _)) if SmtpTransport::from_url(url).is_ok() => {
                Some(Self::Server(Secret::new(url.to_owned())))
            }
            _ => None,
        }
    }
}

/// Whether a text says from whom letters come: `desk@example.org` or `Khabar <desk@example.org>`.
pub fn is_sender(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// Why letters can't be posted at all.
#[derive(Debug, thiserror::Error)]
pub enum NoMailer {
    /// The server's address, or TLS.
    #[error("mail can't be set up: {0}")]
    Server(#[from] smtp::Error),
    /// The sender's address.
    #[error("mail.from: {0}")]
    Sender(#[from] AddressError),
}

/// Why a letter was not taken. What the server said may hold addresses, so it is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It may be taken later.
    #[error("not now")]
    NotNow,
    /// It never will be.
    #[error("refused for good")]
    Never,
}

/// Posts letters.
pub struct Mailer {
    door: Option<(Door, Mailbox)>,
}

#[derive(Clone)]
enum Door {
    Folder(PathBuf),
    Server(Box<SmtpTransport>),
}

impl Mailer {
    /// By these settings.
    pub fn new(settings: &config::Mail) -> Result<Self, NoMailer> {
        let door = match &settings.way {
            Way::None => None,
            Way::Folder(folder) => Some(Door::Folder(folder.clone())),
            Way::Server(url) => {
                let url = String::from_utf8_lossy(url.expose());
                let server = SmtpTransport::from_url(&url)?.timeout(Some(SERVER_PATIENCE)).build();
                Some(Door::Server(Box::new(server)))
            }
        };
        let door = door.map(|door| Ok::<_, NoMailer>((door, settings.from.parse()?))).transpose()?;
        Ok(Self { door })
    }

    /// Whether letters can be posted.
    pub const fn is_on(&self) -> bool {
        self.door.is_some()
    }

    /// Posts a letter that was tried so many times before. Each try is a message of its own: it may hold another code, and the last
    /// one counts.
    pub(super) async fn post(&self, (id, tries): (LetterId, i64), letter: Letter) -> Result<(), Failure> {
        let Some((door, from)) = self.door.clone() else { return Err(Failure::NotNow) };
        let message = message(&format!("{id}.{tries}"), from, letter).ok_or(Failure::Never)?;
        let sent = tokio::task::spawn_blocking(move || match door {
            Door::Folder(folder) => keep(&folder, id, &message.formatted()).map_err(|error| {
                tracing::warn!(%error, "a letter can't be written down");
                Failure::NotNow
            }),
            Door::Server(server) => {
                // What is refused for good is the address (RFC 5321 §4.2.3). Else we are, and somebody may mend that.
                let is_theirs = |code: Code| [550, 551, 553].contains(&u16::from(code));
                let refusal = |error: smtp::Error| {
                    if error.status().is_some_and(is_theirs) { Failure::Never } else { Failure::NotNow }
                };
                server.send(&message).map(drop).map_err(refusal)
            }
        });
        sent.await.unwrap_or(Err(Failure::NotNow))
    }
}

/// `None` when the address of whom it is for can't be written in a letter.
fn message(id: &str, from: Mailbox, letter: Letter) -> Option<Message> {
    let Letter { to, subject, text } = letter;
    let domain = from.email.domain().to_owned();
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to.parse().ok()?))
        .subject(subject)
        .message_id(Some(format!("<{id}@{domain}>")))
        .header(ContentType::TEXT_PLAIN)
        .body(text)
        .ok()
}

/// Puts a letter into a folder, where only its owner can read it.
fn keep(folder: &Path, id: LetterId, text: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let (draft, whole) = (folder.join(format!(".{id}")), folder.join(format!("{id}.eml")));
    let mut file = config::private_file(&draft)?;
    file.write_all(text)?;
    fs::rename(draft, whole)
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailer")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_way_is_a_folder_or_a_server() {
        assert_eq!(Way::parse(""), Some(Way::None));
        assert_eq!(Way::parse("file:letters"), Some(Way::Folder("letters".into())));
        assert_eq!(Way::parse("file:///srv/letters"), Some(Way::Folder("/srv/letters".into())));
        for url in ["smtp://127.0.0.1:2525", "smtps://desk:secret@mail.example", "smtp://mail.example?tls=required"] {
            assert!(matches!(Way::parse(url), Some(Way::Server(_))), "{url}");
        }
        for url in ["file:", "letters", "http://mail.example", "smtp://", "smtp://mail.example?tls=maybe"] {
            assert_eq!(Way::parse(url), None, "{url}");
        }
    }

    #[test]
    fn a_letter_is_plain_text_in_utf8_and_names_itself() {
        let letter = Letter { to: "sara@example.org".into(), subject: "خبر".into(), text: "مرحبا\n".into() };
        let message = message("0192f3a4.0", "خبر <desk@khabar.example>".parse().unwrap(), letter).unwrap();
        let text = String::from_utf8(message.formatted()).unwrap();
        assert!(text.contains("Message-ID: <0192f3a4.0@khabar.example>"), "{text}");
        assert!(text.contains("Content-Type: text/plain; charset=utf-8"), "{text}");
        assert!(text.contains("To: sara@example.org"), "{text}");
    }

    #[test]
    fn nothing_in_a_letter_adds_a_header() {
        let from: Mailbox = "desk@khabar.example".parse().unwrap();
        let letter = |to: &str, subject: &str| Letter { to: to.into(), subject: subject.into(), text: String::new() };
        let text =
            message("0192f3a4.0", from.clone(), letter("sara@example.org", "a\r\nBcc: eve@example.org")).unwrap();
        let text = String::from_utf8(text.formatted()).unwrap();
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        assert!(message("0192f3a4.0", from, letter("sara@example.org\r\nBcc: eve@example.org", "a")).is_none());
    }
}
