//! The sections of the settings.

use std::time::Duration;

use serde::Deserialize;

use super::{Error, Secret};
use crate::auth::Role;
use crate::cache::facet::SharedSeconds;
use crate::mail::{Way, is_sender};
use crate::outbound::Network;

/// The longest that a receiver may hold a request open.
const OUTBOUND_SECONDS_MAX: u64 = 120;

/// What is logged, and in which form.
#[derive(Clone, Debug)]
pub struct Log {
    /// A filter in tracing's syntax.
    pub filter: String,
    /// Lines of JSON instead of text.
    pub json: bool,
}

impl Log {
    pub(super) fn of(filter: String, format: &str) -> Option<Self> {
        let json = format == "json";
        (json || format == "text").then_some(Self { filter, json })
    }
}

/// Limits of requests and answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Threads that answer; 0 is one for each core.
    pub workers: usize,
    /// The largest request body, in bytes.
    pub body_limit_bytes: usize,
    /// Origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// Seconds that open requests get to finish.
    pub shutdown_seconds: u64,
    /// Proxies whose word is taken for where a request comes from.
    pub trusted_proxies: Vec<Network>,
    /// Where they say it.
    pub forwarded_header: ForwardedHeader,
    /// Bytes of answers that are kept for everyone; 0 keeps none.
    pub cache_bytes: u64,
    /// How long caches that many share may give answers unasked.
    pub shared_seconds: SharedSeconds,
}

/// The header in which proxies say where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// The one that most of them write.
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// How often somebody may do what costs others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How many accounts' worth one address has.
    pub address_factor: u32,
    /// How many accounts' worth a program has through which others call.
    pub key_factor: u32,
    /// Writing comments and changing them.
    pub comments: Rate,
    /// Reacting to comments.
    pub reactions: Rate,
    /// Reporting comments.
    pub reports: Rate,
    /// Saying that an article is read.
    pub views: Rate,
    /// Trying a password for one account from one address.
    pub sign_ins: Rate,
    /// Making an account from one address.
    pub registrations: Rate,
    /// Asking for a letter from one address, or trying the code of one.
    pub letters: Rate,
}

/// How often an account may do something; 0 is without a limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// In a minute.
    pub per_minute: u32,
    /// In an hour.
    pub per_hour: u32,
}

/// Accounts and tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Whether readers may register themselves.
    pub registration: bool,
    /// Minutes that an access token is good for.
    pub access_minutes: u32,
    /// Days that a session lives without being refreshed.
    pub refresh_days: u32,
    /// Minutes for which a proof of who somebody is serves for grave steps; 0 asks for no other than the sign-in.
    pub step_up_minutes: u32,
    /// Roles that may do nothing but set up a second factor in a session that was opened without.
    pub second_factor_roles: Vec<Role>,
}

impl Auth {
    /// Whether a role must have a second factor.
    pub fn asks_factor_of(&self, role: Role) -> bool {
        self.second_factor_roles.contains(&role)
    }
}

/// The event log and the streams that follow it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Days that events are kept.
    pub keep_days: u32,
    /// Events that are kept at the most.
    pub keep_count: i64,
    /// Streams that this node serves at once.
    pub streams_max: usize,
    /// Seconds that a stream is silent at the most.
    pub heartbeat_seconds: u32,
}

impl Events {
    /// The same, if it makes sense.
    pub(super) fn checked(self) -> Result<Self, Error> {
        let refuse = |name, why: &str| Err(Error::Value { name, why: why.into() });
        match self {
            Self { keep_days: 0, .. } => refuse("events.keep_days", "must be 1 or more"),
            Self { keep_count: ..=0, .. } => refuse("events.keep_count", "must be 1 or more"),
            Self { heartbeat_seconds: 0 | 61.., .. } => refuse("events.heartbeat_seconds", "must be from 1 to 60"),
            rule => Ok(rule),
        }
    }

    /// How long events are kept.
    pub fn kept_for(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_days) * 86_400)
    }

    /// How long a stream is silent at the most.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(u64::from(self.heartbeat_seconds))
    }
}

/// Requests to receivers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Ports that they may listen on.
    pub ports: Vec<u16>,
    /// Seconds that one has to answer.
    pub timeout_seconds: u64,
    /// Inner addresses that are allowed all the same.
    pub inner: Vec<Network>,
}

impl Outbound {
    pub(super) fn checked(self) -> Result<Self, Error> {
        let refuse = |name, why: &str| Error::Value { name, why: why.into() };
        if self.ports.is_empty() || self.ports.contains(&0) {
            return Err(refuse("outbound.ports", "must name a port, and none of them 0"));
        }
        if !(1..=OUTBOUND_SECONDS_MAX).contains(&self.timeout_seconds) {
            return Err(refuse("outbound.timeout_seconds", "must be between 1 and 120"));
        }
        Ok(self)
    }
}

/// Breaking alerts on closed browsers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Browsers that may subscribe.
    pub subscriptions_max: i64,
    /// Hosts of push services; `*` stands for the beginning of a name.
    pub services: Vec<String>,
    /// Where the people of a push service find us: a `mailto:` or `https:` address.
    pub contact: String,
}

impl Push {
    /// The same with a contact; where nobody has set one, the API's own address if the world can reach it.
    pub(super) fn checked(self, public_url: &str) -> Result<Self, Error> {
        let Self { subscriptions_max, services, contact } = self;
        let contact = match contact.as_str() {
            "" if public_url.starts_with("https://") => public_url.to_owned(),
            "" => "mailto:webmaster@localhost".to_owned(),
            text if text.starts_with("mailto:") || text.starts_with("https://") => contact,
            _ => return Err(Error::Value { name: "push.contact", why: "must begin with mailto: or https://".into() }),
        };
        Ok(Self { subscriptions_max, services, contact })
    }
}

/// Letters.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Which way they leave.
    pub way: Way,
    /// From whom they come: `Khabar <desk@khabar.example>`.
    pub from: String,
    /// The page of the front end that takes a new password, with `{code}` in it.
    pub reset_url: Option<String>,
    /// The page that takes a new address, likewise.
    pub email_url: Option<String>,
    /// The page where who was invited makes an account, likewise.
    pub invitation_url: Option<String>,
    /// The page where a reader who has a code makes an account, with `{code}` where it goes.
    pub registration_url: Option<String>,
}

/// The same as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenMail {
    url: Secret,
    from: String,
    reset_url: String,
    email_url: String,
    invitation_url: String,
    registration_url: String,
}

impl WrittenMail {
    /// The same, if it makes sense.
    pub(super) fn checked(self) -> Result<Mail, Error> {
        let Self { url, from, reset_url, email_url, invitation_url, registration_url } = self;
        let refuse = |name, why: &str| Error::Value { name, why: why.into() };
        let way = std::str::from_utf8(url.expose()).ok().and_then(Way::parse);
        let way = way.ok_or_else(|| refuse("mail.url", "must be smtp://…, smtps://… or file:folder"))?;
        if way != Way::None && !is_sender(&from) {
            return Err(refuse(
                "mail.from",
                "must be an address: desk@khabar.example, or Khabar <desk@khabar.example>",
            ));
        }
        let page = |name, url: String| match url.as_str() {
            "" => Ok(None),
            text if text.contains("{code}") && (text.starts_with("https://") || text.starts_with("http://")) => {
                Ok(Some(url))
            }
            _ => Err(refuse(name, "must begin with https:// or http:// and have {code} in it")),
        };
        Ok(Mail {
            way,
            from,
            reset_url: page("mail.reset_url", reset_url)?,
            email_url: page("mail.email_url", email_url)?,
            invitation_url: page("mail.invitation_url", invitation_url)?,
            registration_url: page("mail.registration_url", registration_url)?,
        })
    }
}
