//! Settings: the embedded defaults, then `khabar.toml`, then the environment; read and checked once.

mod oidc;
mod parts;

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::{Deserialize, Deserializer, de};

use crate::db::Location;

pub use oidc::{Oidc, ProviderName};
pub use parts::{Auth, Events, ForwardedHeader, Http, Limits, Log, Mail, Outbound, Push, Rate};

/// The default settings, which are the manual too.
pub const DEFAULTS: &str = include_str!("khabar.default.toml");

/// The shortest signing secret, in bytes: HS256 asks for as many as its hash has (RFC 7518 §3.2).
const SECRET_BYTES_MIN: usize = 32;

/// Why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name or a type is wrong.
    #[error("{0}")]
    Shape(Box<figment::Error>),
    /// A value has no meaning.
    #[error("{name}: {why}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The data folder can't be used.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A value that is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

/// A text and nothing else. A number is refused without being shown, as the usual refusal would.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text)
    }
}

struct Text;

/// Refuses what is no text, of whichever kind.
macro_rules! refuse {
    ($($kind:ident: $type:ty),+) => {
        $(fn $kind<E: de::Error>(self, _: $type) -> Result<Secret, E> {
            Err(E::custom("a secret is a text: write it in quotation marks"))
        })+
    };
}

impl de::Visitor<'_> for Text {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotation marks")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret(text.to_owned()))
    }

    refuse!(visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64);
}

impl Secret {
    /// Wraps a value.
    pub const fn new(value: String) -> Self {
        Self(value)
    }

    /// The same, if it is none or long enough.
    fn checked(self, name: &'static str) -> Result<Self, Error> {
        let is_short = (1..SECRET_BYTES_MIN).contains(&self.0.len());
        let refusal = || Error::Value { name, why: "must have 32 bytes or more".into() };
        if is_short { Err(refusal()) } else { Ok(self) }
    }

    /// The bytes, for signing.
    pub const fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Every setting, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the database is.
    pub database: Location,
    /// Copies of it that answer reads.
    pub replicas: Vec<Location>,
    /// Connections to PostgreSQL at the most, and to each copy.
    pub database_connections: usize,
    /// The folder for the database file and the signing secret.
    pub data_dir: PathBuf,
    /// Where to listen.
    pub bind: SocketAddr,
    /// How the world reaches the API, without a slash at the end.
    pub public_url: String,
    /// Signs access tokens.
    pub jwt_secret: Secret,
    /// Signed them before, and is still taken.
    pub jwt_secret_before: Option<Secret>,
    /// What is logged.
    pub log: Log,
    /// Requests and answers.
    pub http: Http,
    /// Accounts and tokens.
    pub auth: Auth,
    /// A provider that signs staff in.
    pub oidc: Option<Oidc>,
    /// The event log and the streams that follow it.
    pub events: Events,
    /// Requests to receivers.
    pub outbound: Outbound,
    /// Breaking alerts on closed browsers.
    pub push: Push,
    /// How often somebody may do what costs others.
    pub limits: Limits,
    /// Letters.
    pub mail: Mail,
}

/// The settings as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    database_url: String,
    replica_urls: Vec<String>,
    database_connections: usize,
    data_dir: PathBuf,
    bind: String,
    public_url: String,
    jwt_secret: Secret,
    jwt_secret_before: Secret,
    log: String,
    log_format: String,
    http: Http,
    auth: Auth,
    oidc: Oidc,
    events: Events,
    outbound: Outbound,
    push: Push,
    limits: Limits,
    mail: parts::WrittenMail,
}

impl Config {
    /// Reads the settings of this process. Touches nothing but `khabar.toml` and the environment.
    pub fn load() -> Result<Self, Error> {
        Self::from(
            &Figment::from(Toml::string(DEFAULTS))
                .merge(Toml::file("khabar.toml"))
                .merge(Env::raw().only(&["DATABASE_URL"]))
                .merge(Env::prefixed("KHABAR_").split("__")),
        )
    }

    /// Reads the defaults with some lines of TOML over them, as tests do.
    pub fn with(lines: &str) -> Result<Self, Error> {
        Self::from(&Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(lines)))
    }

    fn from(figment: &Figment) -> Result<Self, Error> {
        let Written {
            database_url,
            replica_urls,
            database_connections,
            data_dir,
            bind,
            public_url,
            jwt_secret,
            jwt_secret_before,
            log,
            log_format,
            http,
            auth,
            oidc,
            events,
            outbound,
            push,
            limits,
            mail,
        } = figment.extract().map_err(|error| Error::Shape(Box::new(error)))?;
        let refuse = |name, why: &str| Error::Value { name, why: why.into() };

        let database = if database_url.is_empty() {
            Location::Sqlite(data_dir.join("khabar.db"))
        } else {
            Location::parse(&database_url)
                .ok_or_else(|| refuse("DATABASE_URL", "must begin with sqlite:// or postgres://"))?
        };
        let copy = |url: &String| Location::parse(url).filter(|at| !at.is_embedded() && !database.is_embedded());
        let replicas: Option<_> = replica_urls.iter().map(copy).collect();
        let why = "must begin with postgres://, as DATABASE_URL must";
        let replicas = replicas.ok_or_else(|| refuse("replica_urls", why))?;
        let bind: SocketAddr = bind.parse().map_err(|_| refuse("bind", "must be an address and a port"))?;
        let public_url = reached_at(public_url.trim_end_matches('/'), bind)?;
        let jwt_secret = jwt_secret.checked("jwt_secret")?;
        let before = jwt_secret_before.checked("jwt_secret_before")?;
        let log = Log::of(log, &log_format).ok_or_else(|| refuse("log_format", "must be text or json"))?;
        let (events, outbound, push) = (events.checked()?, outbound.checked()?, push.checked(&public_url)?);
        let (mail, oidc) = (mail.checked()?, oidc.checked(&outbound)?);
        Ok(Self {
            database,
            replicas,
            database_connections,
            data_dir,
            bind,
            public_url,
            jwt_secret,
            jwt_secret_before: Some(before).filter(|secret| !secret.0.is_empty()),
            log,
            http,
            auth,
            oidc,
            events,
            outbound,
            push,
            limits,
            mail,
        })
    }

    /// Makes the data folder, and the signing secret in it when none is set.
    pub fn prepare(&mut self, fresh_secret: impl FnOnce() -> String) -> Result<(), Error> {
        make_folder(&self.data_dir)?;
        if let Location::Sqlite(file) = &self.database
            && let Some(folder) = file.parent()
        {
            make_folder(folder)?;
        }
        if self.jwt_secret.0.is_empty() {
            self.jwt_secret = kept_secret(&self.data_dir.join("jwt-secret"), fresh_secret)?;
        }
        Ok(())
    }
}

/// How the world reaches the API: as it is written, or where it listens.
fn reached_at(url: &str, bind: SocketAddr) -> Result<String, Error> {
    match url {
        "" => Ok(format!("http://{bind}")),
        url if url.starts_with("http://") || url.starts_with("https://") => Ok(url.to_owned()),
        _ => Err(Error::Value { name: "public_url", why: "must begin with http:// or https://".into() }),
    }
}

/// Makes a folder that only its owner can look into: it holds accounts and drafts.
fn make_folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path).map_err(|source| Error::Io { path: path.into(), source })
}

/// Reads the secret in a file, or puts a fresh one there that only the owner can read.
fn kept_secret(path: &Path, fresh: impl FnOnce() -> String) -> Result<Secret, Error> {
    let io = |source| Error::Io { path: path.into(), source };
    if !path.exists() {
        // Written whole under another name first: a crash half-way must not leave a short secret behind.
        let draft = path.with_extension(format!("new-{}", std::process::id()));
        let mut file = private_file(&draft).map_err(io)?;
        file.write_all(fresh().as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        // A link, not a rename: when two processes start at once, the first one's secret stays.
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(io(error)),
            _ => fs::remove_file(&draft).map_err(io)?,
        }
    }
    let secret = fs::read_to_string(path).map_err(io)?;
    if secret.trim().len() < SECRET_BYTES_MIN {
        return Err(Error::Value { name: "jwt_secret", why: format!("{} is too short", path.display()) });
    }
    Ok(Secret(secret.trim().to_owned()))
}

#[cfg(unix)]
pub(crate) fn private_file(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
pub(crate) fn private_file(path: &Path) -> std::io::Result<fs::File> {
    fs::File::create(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_say_where_things_are() {
        let config = Config::with("").unwrap();
        assert_eq!(config.database, Location::Sqlite("data/khabar.db".into()));
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert_eq!(config.push.contact, "mailto:webmaster@localhost");
        let public = Config::with("public_url = \"https://khabar.example/\"").unwrap();
        assert_eq!(public.push.contact, "https://khabar.example");
    }

    #[test]
    fn what_has_no_meaning_is_refused_with_its_name() {
        for (lines, name) in [
            ("database_url = \"mysql://x\"", "DATABASE_URL"),
            ("replica_urls = [\"postgres://copy/khabar\"]", "replica_urls"),
            ("database_url = \"postgres://x\"\nreplica_urls = [\"sqlite://copy\"]", "replica_urls"),
            ("bind = \"8080\"", "bind"),
            ("jwt_secret = \"short\"", "jwt_secret"),
            ("public_url = \"khabar.example\"", "public_url"),
            ("log_format = \"xml\"", "log_format"),
            ("bnd = \"127.0.0.1:1\"", "bnd"),
            ("[http]\nworker = 1", "worker"),
            ("[http]\ntrusted_proxies = [\"10.0.0.0/99\"]", "10.0.0.0/99"),
            ("[http]\nforwarded_header = \"x-real-ip\"", "x-real-ip"),
            ("[http.shared_seconds]\narticle = 1", "article"),
            ("[limits.comments]\nper_day = 1", "per_day"),
            ("[outbound]\nports = []", "outbound.ports"),
            ("[outbound]\nports = [443, 0]", "outbound.ports"),
            ("[outbound]\nports = [70000]", "outbound.ports"),
            ("[outbound]\ntimeout_seconds = 0", "outbound.timeout_seconds"),
            ("[outbound]\ntimeout_seconds = 121", "outbound.timeout_seconds"),
            ("[outbound]\ninner = [\"10.0.0.1/8\"]", "outbound.inner"),
            ("[outbound]\ninner = [\"localhost\"]", "outbound.inner"),
            ("[push]\ncontact = \"desk@khabar.example\"", "push.contact"),
            ("[mail]\nurl = \"mail.example\"\nfrom = \"desk@khabar.example\"", "mail.url"),
            ("[mail]\nurl = \"file:letters\"", "mail.from"),
            ("[mail]\nreset_url = \"https://khabar.example/reset\"", "mail.reset_url"),
            ("[mail]\nemail_url = \"khabar.example/{code}\"", "mail.email_url"),
            ("[auth]\nsecond_factor_roles = [\"king\"]", "king"),
            ("[events]\nkeep_days = 0", "events.keep_days"),
            ("[events]\nkeep_count = 0", "events.keep_count"),
            ("[events]\nheartbeat_seconds = 0", "events.heartbeat_seconds"),
        ] {
            let error = Config::with(lines).unwrap_err().to_string();
            assert!(error.contains(name), "{lines}: {error}");
        }
    }

    #[test]
    fn the_secret_is_made_once_private_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let lines = format!("data_dir = {:?}", folder.path());
        let mut first = Config::with(&lines).unwrap();
        first.prepare(|| "a".repeat(43)).unwrap();
        let mut second = Config::with(&lines).unwrap();
        second.prepare(|| "b".repeat(43)).unwrap();
        assert_eq!(first.jwt_secret.expose(), second.jwt_secret.expose());
        assert!(!format!("{second:?}").contains("aaa"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join("jwt-secret")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
