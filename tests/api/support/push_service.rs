//! A push service on this machine, and browsers that read what it was handed for them.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A message as the service got it.
#[derive(Clone, Debug)]
pub struct Handed {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// What it answers: a status and more headers; nothing is no answer at all.
pub type Rule = Box<dyn Fn(&Handed) -> Option<(u16, String)> + Send>;

struct Shared {
    handed: Mutex<Vec<Handed>>,
    rule: Mutex<Rule>,
    over: AtomicBool,
}

/// A push service; it ends when this is dropped.
pub struct PushService {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl PushService {
    /// One that takes everything.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let rule: Rule = Box::new(|_| Some((201, String::new())));
        let shared = Shared { handed: Mutex::default(), rule: Mutex::new(rule), over: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serving.over.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serve(stream, &serving));
            }
        });
        Self { address, shared }
    }

    /// From now on it answers like this.
    pub fn answers(&self, rule: impl Fn(&Handed) -> Option<(u16, String)> + Send + 'static) {
        *self.shared.rule.lock().unwrap() = Box::new(rule);
    }

    /// The messages since the last call.
    pub fn handed(&self) -> Vec<Handed> {
        std::mem::take(&mut self.shared.handed.lock().unwrap())
    }

    /// How many messages came since then.
    pub fn count(&self) -> usize {
        self.shared.handed.lock().unwrap().len()
    }

    /// A new browser with an address here.
    pub fn browser(&self, name: &str) -> Browser {
        let mut auth = [0; 16];
        getrandom::fill(&mut auth).unwrap();
        let endpoint = format!("http://{}/send/{name}", self.address);
        Browser { endpoint, key: Arc::new(PrivateKey::generate(&ECDH_P256).unwrap()), auth }
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

/// Answers one connection's requests until it is closed.
fn serve(stream: TcpStream, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let handed = read(&mut reader)?;
        let answer = (shared.rule.lock().unwrap())(&handed);
        shared.handed.lock().unwrap().push(handed);
        let Some((status, headers)) = answer else {
            // Until the client hangs up.
            drop(reader.read(&mut [0; 1]));
            return None;
        };
        let answer = format!("HTTP/1.1 {status} Answer\r\n{headers}content-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Handed> {
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
    let pair = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let headers: HashMap<String, String> = lines.iter().skip(1).filter_map(pair).collect();
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Handed { path, headers, body })
}

/// A browser with a subscription.
#[derive(Clone)]
pub struct Browser {
    pub endpoint: String,
    key: Arc<PrivateKey>,
    auth: [u8; 16],
}

impl Browser {
    /// What `PushSubscription.toJSON()` gives.
    pub fn json(&self) -> Value {
        let public = self.key.compute_public_key().unwrap();
        json!({
            "endpoint": self.endpoint,
            "expirationTime": null,
            "keys": { "p256dh": URL_SAFE_NO_PAD.encode(&public), "auth": URL_SAFE_NO_PAD.encode(self.auth) },
        })
    }

    /// The same keys at another address.
    pub fn at(&self, endpoint: &str) -> Self {
        Self { endpoint: endpoint.into(), ..self.clone() }
    }

    /// The messages that were for it, in the order in which they came.
    pub fn of<'h>(&self, handed: &'h [Handed]) -> Vec<&'h Handed> {
        handed.iter().filter(|message| self.endpoint.ends_with(&message.path)).collect()
    }

    /// What a message says to it (RFC 8291 §3.4, RFC 8188 §2).
    pub fn read(&self, message: &Handed) -> Value {
        let (salt, rest) = message.body.split_at(16);
        let (sender, record) = rest[5..].split_at(usize::from(rest[4]));
        let public = self.key.compute_public_key().unwrap();
        let parties = [b"WebPush: info\0".as_slice(), public.as_ref(), sender].concat();
        let sender = UnparsedPublicKey::new(&ECDH_P256, sender);
        let secret =
            agree(&self.key, sender, Unspecified, |shared| Ok(derive(&self.auth, shared, &parties, 32))).unwrap();
        let key = derive(salt, &secret, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = derive(salt, &secret, b"Content-Encoding: nonce\0", 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let mut record = record.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let opened = key.open_in_place(nonce, Aad::empty(), &mut record).expect("encrypted for this browser");
        serde_json::from_slice(opened.strip_suffix(&[2]).unwrap()).unwrap()
    }
}

fn derive(salt: &[u8], secret: &[u8], label: &[u8], length: usize) -> Vec<u8> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut derived = vec![0; length];
    let key = Salt::new(HKDF_SHA256, salt).extract(secret);
    key.expand(&[label], Length(length)).unwrap().fill(&mut derived).unwrap();
    derived
}
