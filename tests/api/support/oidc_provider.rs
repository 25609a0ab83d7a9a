//! A provider on this machine that signs people in (OpenID Connect): it says where its doors are, has keys, and trades codes
//! for tokens as strictly as a real one.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What the provider calls Khabar.
pub const CLIENT: &str = "khabar desk";
/// What it knows Khabar by; it has all that a form encodes.
pub const CLIENT_SECRET: &str = "hidden: a+b/c=%&ä";
/// Where it sends people back to.
pub const PAGE: &str = "https://desk.example/signed-in";

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// A key that signs tokens.
pub struct Key {
    pub id: &'static str,
    pair: Pair,
}

impl Key {
    pub fn ec(id: &'static str) -> Self {
        Self { id, pair: Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()) }
    }

    pub fn ed(id: &'static str) -> Self {
        Self { id, pair: Pair::Ed(Ed25519KeyPair::generate().unwrap()) }
    }

    pub fn rsa(id: &'static str) -> Self {
        Self { id, pair: Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()) }
    }

    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
            Pair::Rsa(_) => "RS256",
        }
    }

    /// The half that everybody may know.
    pub fn public(&self) -> Value {
        let mut key = match &self.pair {
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) })
            }
            Pair::Ed(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key()) }),
            Pair::Rsa(pair) => {
                // A sequence of two whole numbers (RFC 8017 §A.1.1), of which the first one has 2,048 bits.
                let der = pair.public_key().as_ref();
                assert_eq!(der.len(), 270);
                json!({ "kty": "RSA", "n": b64(&der[9..265]), "e": b64(&der[267..]) })
            }
        };
        key["kid"] = json!(self.id);
        key["use"] = json!("sig");
        key
    }

    /// The bytes that somebody would take for a secret who mistakes a public key for one.
    pub fn public_bytes(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// A token with the head that belongs to this key.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({ "alg": self.algorithm(), "kid": self.id, "typ": "JWT" }), claims)
    }

    /// A token with any head.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let told = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        format!("{told}.{}", b64(self.sign(told.as_bytes())))
    }
}

/// What a code is worth, and to whom.
#[derive(Clone)]
struct Grant {
    challenge: String,
    redirect_uri: String,
    token: String,
}

struct Shared {
    /// What it answers at each path, other than for codes.
    pages: Mutex<HashMap<String, (u16, String)>>,
    grants: Mutex<HashMap<String, Grant>>,
    /// Every path that was asked for, and the form that came with it.
    asked: Mutex<Vec<(String, String)>>,
    secret: Mutex<&'static str>,
    over: AtomicBool,
}

/// A provider; it is gone when this is dropped.
pub struct Provider {
    address: SocketAddr,
    shared: Arc<Shared>,
    pub key: Key,
}

impl Provider {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            pages: Mutex::default(),
            grants: Mutex::default(),
            asked: Mutex::default(),
            secret: Mutex::new(CLIENT_SECRET),
            over: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serving.over.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serve(&stream, &serving));
            }
        });
        let this = Self { address, shared, key: Key::ec("first") };
        this.describes(json!({}));
        this.has_keys(&[&this.key]);
        this
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lines of `khabar.toml` for a site whose staff signs in here, with more of `[oidc]`.
    pub fn settings(&self, more: &str) -> String {
        format!(
            "[outbound]\ninner = [\"127.0.0.1\"]\ntimeout_seconds = 5\n[oidc]\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\n\
             redirect_urls = [\"{PAGE}\", \"org.khabar.desk:/in\"]\nclient_secret = \"{CLIENT_SECRET}\"\n\
             roles = {{ writers = \"journalist\", hosts = \"moderator\", desk = \"editor\", chiefs = \"admin\" }}\n{more}",
            self.issuer()
        )
    }

    /// From now on it says this of itself.
    pub fn describes(&self, other: Value) {
        let base = self.issuer();
        let mut document = json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/authorize?tenant=1"),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/keys"),
        });
        for (name, value) in other.as_object().unwrap() {
            document[name] = value.clone();
        }
        self.answers("/.well-known/openid-configuration", 200, &document.to_string());
    }

    /// From now on these are its keys, beside some that are of no use here.
    pub fn has_keys(&self, keys: &[&Key]) {
        let others = [json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "shared" }), json!({ "kty": "new", "kid": "odd" })];
        let keys: Vec<Value> = others.into_iter().chain(keys.iter().map(|key| key.public())).collect();
        self.answers("/keys", 200, &json!({ "keys": keys }).to_string());
    }

    /// From now on it answers this at a path.
    pub fn answers(&self, path: &str, status: u16, body: &str) {
        self.shared.pages.lock().unwrap().insert(path.into(), (status, body.into()));
    }

    /// From now on codes are traded again.
    pub fn trades(&self) {
        self.shared.pages.lock().unwrap().remove("/token");
    }

    /// From now on it knows Khabar by another secret, or by none.
    pub fn knows_by(&self, secret: &'static str) {
        *self.shared.secret.lock().unwrap() = secret;
    }

    /// Somebody signs in on its page, for which it gives them a code that is good for a token.
    pub fn gives(&self, page: &Page, token: &str) -> String {
        let mut grants = self.shared.grants.lock().unwrap();
        let code = format!("code/{}+", grants.len());
        let grant = Grant {
            challenge: page.parameter("code_challenge"),
            redirect_uri: page.parameter("redirect_uri"),
            token: token.into(),
        };
        grants.insert(code.clone(), grant);
        code
    }

    /// What was asked since the last look: paths, and the forms that came with them.
    pub fn asked(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }

    /// How often a path was asked for since the last look.
    pub fn times(&self, path: &str) -> usize {
        self.asked().iter().filter(|(asked, _)| asked == path).count()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

/// The page that somebody is sent to, as its address says.
#[derive(Clone)]
pub struct Page(pub String);

impl Page {
    /// What the address says by a name.
    #[track_caller]
    pub fn parameter(&self, name: &str) -> String {
        self.find(name).unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    pub fn find(&self, name: &str) -> Option<String> {
        fields(self.0.split_once('?').unwrap().1).remove(name)
    }
}

/// The fields of a form.
fn fields(form: &str) -> HashMap<String, String> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn serve(stream: &TcpStream, shared: &Shared) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    let header = |name: &str| {
        let value = |line: &String| {
            line.split_once(": ")
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
        };
        lines.iter().find_map(value)
    };
    let mut body = vec![0; header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let page = shared.pages.lock().unwrap().get(&path).cloned();
    let (status, answer) = match page {
        Some(page) => page,
        None if path == "/token" => trade(shared, header("authorization").as_deref(), &fields(&body)),
        None => (404, String::new()),
    };
    shared.asked.lock().unwrap().push((path, body));
    let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", answer.len());
    let mut stream = stream;
    stream.write_all((head + &answer).as_bytes()).ok()
}

/// A token for a code, if all about it is right.
fn trade(shared: &Shared, authorization: Option<&str>, form: &HashMap<String, String>) -> (u16, String) {
    let refuse = |status, error: &str| (status, json!({ "error": error }).to_string());
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let (id, secret) = match authorization.and_then(|value| value.strip_prefix("Basic ")) {
        Some(basic) => {
            let both = String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap();
            let (id, secret) = both.split_once(':').unwrap();
            let pair = fields(&format!("id={id}&secret={secret}"));
            (pair["id"].clone(), pair["secret"].clone())
        }
        None => (field("client_id"), field("client_secret")),
    };
    if (id.as_str(), secret.as_str()) != (CLIENT, *shared.secret.lock().unwrap()) {
        return refuse(401, "invalid_client");
    }
    let grant = shared.grants.lock().unwrap().get(&field("code")).cloned();
    let fits = |grant: &Grant| {
        field("grant_type") == "authorization_code"
            && grant.redirect_uri == field("redirect_uri")
            && grant.challenge == b64(Sha256::digest(field("code_verifier")))
    };
    match grant.filter(fits) {
        Some(Grant { token, .. }) => {
            let body = json!({ "access_token": "opaque-access", "token_type": "Bearer", "expires_in": 300, "id_token": token });
            (200, body.to_string())
        }
        None => refuse(400, "invalid_grant"),
    }
}
