//! What browsers send, and what they get to know.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::encryption;
use super::model::key;
use crate::fault::{Fault, Faults};
use crate::ids::{PushSubscriptionId, RecordId};
use crate::outbound::{Rules, Url, check_url};
use crate::text::{Language, safe};

/// The longest topic or region, in graphemes.
const WORD_MAX: usize = 50;
/// The lowest urgency, which lets every alert pass.
const URGENCY_MAX: u8 = 9;

/// The public half of the key that Khabar signs messages with.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushKeyView {
    /// What `pushManager.subscribe` takes as `applicationServerKey`: 65 bytes in base64url.
    #[schema(example = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")]
    pub public_key: String,
}

/// The keys of a browser's subscription.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushKeysIn {
    /// Its public key: a point of P-256 in base64url.
    #[schema(
        max_length = 200,
        example = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )]
    pub p256dh: String,
    /// Its secret: 16 bytes in base64url.
    #[schema(max_length = 200, example = "BTBZMqHH6r4Tts7J_aSIgg")]
    pub auth: String,
}

/// What `PushSubscription.toJSON()` gives in a browser, and what its reader wants to be told.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushSubscriptionIn {
    /// Where its push service takes messages.
    #[schema(max_length = 2048, example = "https://push.example.net/send/dGhlIGFkZHJlc3M")]
    pub endpoint: String,
    /// Taken as browsers send it, and not used: a push service says by itself when a subscription has ended.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub expiration_time: Option<f64>,
    /// Its keys.
    pub keys: PushKeysIn,
    /// Only alerts in this language; in every language when absent.
    #[serde(default)]
    pub language: Option<Language>,
    /// Only alerts about one of these topics, in any spelling; about everything when empty.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["أرمينيا"]))]
    pub topics: Vec<String>,
    /// Only alerts from one of these regions, in any spelling; from everywhere when empty.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["موسكو"]))]
    pub regions: Vec<String>,
    /// Only alerts for one of these sections or one below it, by id or slug; for all when empty.
    #[serde(default)]
    #[schema(max_items = 20, example = json!([]))]
    pub sections: Vec<String>,
    /// Only alerts of this urgency or higher; 1 is the highest.
    #[serde(default = "any_urgency")]
    #[schema(default = 9, minimum = 1, maximum = 9, example = 5)]
    pub max_urgency: u8,
}

const fn any_urgency() -> u8 {
    URGENCY_MAX
}

/// What `PushSubscription.toJSON()` gives in a browser that wants to hear no more.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushEndIn {
    /// Where its push service takes messages.
    #[schema(max_length = 2048, example = "https://push.example.net/send/dGhlIGFkZHJlc3M")]
    pub endpoint: String,
    /// Taken as browsers send it, and not used.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub expiration_time: Option<f64>,
    /// Its keys.
    pub keys: PushKeysIn,
}

/// A browser: where it is reached, and how messages to it are encrypted.
#[derive(Clone)]
pub struct Browser {
    /// Its endpoint.
    pub endpoint: String,
    /// Its public key.
    pub p256dh: Vec<u8>,
    /// Its secret.
    pub auth: Vec<u8>,
}

impl Browser {
    /// What names it: only who knows all of it can make the same. Each part but the last tells its length first, so
    /// that no two browsers run into one.
    pub fn fingerprint(&self) -> Vec<u8> {
        let Self { endpoint, p256dh, auth } = self;
        let length = |bytes: &[u8]| bytes.len().to_le_bytes();
        let hash = Sha256::new().chain_update(length(endpoint.as_bytes())).chain_update(endpoint);
        hash.chain_update(length(p256dh)).chain_update(p256dh).chain_update(auth).finalize().to_vec()
    }
}

/// What a reader has chosen, but for the sections, which only the database knows.
#[derive(Clone)]
pub struct Wish {
    /// The language; every one when absent.
    pub language: Option<Language>,
    /// The topics, as written.
    pub topics: Vec<String>,
    /// The regions, as written.
    pub regions: Vec<String>,
    /// Ids or slugs.
    pub sections: Vec<String>,
    /// The lowest urgency.
    pub max_urgency: u8,
}

impl PushSubscriptionIn {
    /// The browser and the wish, if messages may be sent there.
    ///
    /// # Errors
    /// Everything that is wrong with it, short of what only the database knows.
    pub fn checked(self, rules: &Rules, services: &[String]) -> Result<(Browser, Wish), Faults> {
        let Self { endpoint, expiration_time: _, keys, language, topics, regions, sections, max_urgency } = self;
        let mut faults = Faults::new();
        let served =
            |url: Url| if is_served(&url, services) { Ok(url) } else { Err(Fault::NotAllowed(services.to_vec())) };
        let endpoint = faults.take("/endpoint", check_url(&endpoint, rules).and_then(served));
        let keys = parse_keys(&mut faults, &keys);
        let topics = words(&mut faults, "/topics", &topics);
        let regions = words(&mut faults, "/regions", &regions);
        let built = || {
            let ((p256dh, auth), endpoint) = (keys?, endpoint?.to_string());
            Some((Browser { endpoint, p256dh, auth }, Wish { language, topics, regions, sections, max_urgency }))
        };
        faults.finish(built())
    }
}

/// Whether an address is one of a push service's: else anyone could turn every alert on whomever they like.
fn is_served(url: &Url, services: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    services.iter().any(|service| match service.strip_prefix('*') {
        Some(domain) => host.ends_with(domain),
        None => host == service,
    })
}

impl PushEndIn {
    /// The browser.
    ///
    /// # Errors
    /// `bad_format` of its keys. An address where no messages are sent any more may still be given up.
    pub fn checked(self) -> Result<Browser, Faults> {
        let Self { endpoint, expiration_time: _, keys } = self;
        let mut faults = Faults::new();
        let keys = parse_keys(&mut faults, &keys);
        let endpoint = Url::parse(&endpoint).map_or(endpoint, |url| url.to_string());
        faults.finish(keys.map(|(p256dh, auth)| Browser { endpoint, p256dh, auth }))
    }
}

fn parse_keys(faults: &mut Faults, keys: &PushKeysIn) -> Option<(Vec<u8>, Vec<u8>)> {
    let PushKeysIn { p256dh, auth } = keys;
    let p256dh = faults.take("/keys/p256dh", encryption::parse_p256dh(p256dh));
    let auth = faults.take("/keys/auth", encryption::parse_auth(auth));
    p256dh.zip(auth)
}

/// The words that a reader has chosen. One without a letter or digit would choose nothing.
fn words(faults: &mut Faults, pointer: &str, words: &[String]) -> Vec<String> {
    let word = |word: &String| {
        let word = safe::name(word, WORD_MAX)?;
        if key(&word).is_empty() { Err(Fault::Blank) } else { Ok(word) }
    };
    let parsed = words.iter().enumerate().filter_map(|(at, text)| faults.take(format!("{pointer}/{at}"), word(text)));
    parsed.collect()
}

/// A subscription as it is kept. Nobody can read it later, not even the browser that has it: it knows its own choice.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushSubscriptionView {
    /// Its id, for questions to the operator.
    pub id: PushSubscriptionId,
    /// Only alerts in this language.
    pub language: Option<Language>,
    /// Only alerts about one of these topics.
    #[schema(example = json!(["أرمينيا"]))]
    pub topics: Vec<String>,
    /// Only alerts from one of these regions.
    #[schema(example = json!(["موسكو"]))]
    pub regions: Vec<String>,
    /// Only alerts for one of these sections or one below it.
    pub section_ids: Vec<RecordId>,
    /// Only alerts of this urgency or higher.
    #[schema(example = 5)]
    pub max_urgency: u8,
}
