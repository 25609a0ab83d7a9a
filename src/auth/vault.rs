//! Seals what must be kept and read again, such as addresses and the secrets of webhooks, so that a copy of the database alone
//! gives none away. Passwords and tokens, which only have to be recognised, are hashed instead.
//!
//! What seals is a random key that lies in the database, sealed itself with the signing secret: whoever takes another signing
//! secret seals that one key anew, and nothing else.

use std::sync::OnceLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};

use crate::ids::Ids;
use crate::problem::Problem;

/// Sets this use of the signing secret apart from every other one (RFC 5869 §3.2).
const LABEL: &[u8] = b"khabar vault v1";
/// The same for what follows from the key within.
const SEAL_LABEL: &[u8] = b"khabar vault v2 seal";
const MARK_LABEL: &[u8] = b"khabar vault v2 mark";
/// HKDF's salt: as good as none, since what comes with it is random, and never empty.
const SALT: &[u8] = b"khabar";
/// The place of the key within.
const KEY_PLACE: &str = "vault key";

/// Seals and opens small things.
pub struct Vault {
    /// Of the signing secret.
    present: Option<LessSafeKey>,
    /// Of the one before.
    past: Option<LessSafeKey>,
    /// What the key within gives, once it was taken out.
    within: OnceLock<Within>,
}

struct Within {
    seal: LessSafeKey,
    mark: hmac::Key,
}

impl Within {
    fn of(key: &[u8]) -> Option<Self> {
        let mark = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(key);
        let mark = mark.expand(&[MARK_LABEL], hmac::HMAC_SHA256).map(hmac::Key::from).ok()?;
        Some(Self { seal: derived(key, SEAL_LABEL)?, mark })
    }
}

/// A key that follows from a secret, for one use.
fn derived(secret: &[u8], label: &[u8]) -> Option<LessSafeKey> {
    let random = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret);
    random.expand(&[label], &AES_256_GCM).map(UnboundKey::from).map(LessSafeKey::new).ok()
}

fn broken() -> Problem {
    Problem::internal("the vault can't seal")
}

/// Bytes that open with this key alone, in this place alone.
fn seal(key: &LessSafeKey, ids: &Ids, place: &str, plain: &[u8]) -> Result<Vec<u8>, Problem> {
    // 96 random bits: after 2^32 seals of one key two nonces are alike by a chance of 2^-33, and we make millions.
    let nonce = *ids.secret().first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
    let mut sealed = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut sealed)
        .map_err(|_| broken())?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &LessSafeKey, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut opened = sealed.to_vec();
    let length = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut opened).ok()?.len();
    opened.truncate(length);
    Some(opened)
}

impl Vault {
    /// The vault of whoever knows this signing secret, or the one before. It is shut until [`Vault::unlock`].
    pub fn new(secret: &[u8], before: Option<&[u8]>) -> Self {
        let of = |secret| derived(secret, LABEL);
        Self { present: of(secret), past: before.and_then(of), within: OnceLock::new() }
    }

    /// A fresh key to seal with, sealed with the signing secret.
    pub fn fresh_key(&self, ids: &Ids) -> Result<Vec<u8>, Problem> {
        self.wrap(ids, &ids.secret())
    }

    /// Takes the key that was kept out of its seal. `None` if it was sealed with a signing secret that is not known;
    /// otherwise the same key, sealed anew where it was sealed with the secret before.
    pub fn unlock(&self, ids: &Ids, sealed: &[u8]) -> Result<Option<Option<Vec<u8>>>, Problem> {
        let with = |key: &Option<LessSafeKey>| key.as_ref().and_then(|key| open(key, KEY_PLACE, sealed));
        let (key, anew) = match (with(&self.present), with(&self.past)) {
            (Some(key), _) => (key, None),
            (None, Some(key)) => {
                let anew = self.wrap(ids, &key)?;
                (key, Some(anew))
            }
            (None, None) => return Ok(None),
        };
        let within = Within::of(&key).ok_or_else(broken)?;
        self.within.get_or_init(|| within);
        Ok(Some(anew))
    }

    fn wrap(&self, ids: &Ids, key: &[u8]) -> Result<Vec<u8>, Problem> {
        seal(self.present.as_ref().ok_or_else(broken)?, ids, KEY_PLACE, key)
    }

    /// Seals bytes for one place, which has a name: `webhook 0192f3a4…`. Elsewhere they don't open, so nobody
    /// who can write to the database moves a sealed secret to a receiver of their own.
    pub fn seal(&self, ids: &Ids, place: &str, plain: &[u8]) -> Result<Vec<u8>, Problem> {
        seal(&self.within.get().ok_or_else(broken)?.seal, ids, place, plain)
    }

    /// What was sealed for this place, if it was sealed by this vault and nobody touched it. What was sealed before there was
    /// a key within opens with the signing secret.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let within = self.within.get().map(|within| &within.seal);
        [within, self.present.as_ref(), self.past.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|key| open(key, place, sealed))
    }

    /// What recognises a value without telling it: 32 bytes that are the same for the same value of one kind.
    pub fn mark(&self, kind: &str, plain: &[u8]) -> Result<Vec<u8>, Problem> {
        let key = &self.within.get().ok_or_else(broken)?.mark;
        // No kind has a zero byte, so no two pairs are written alike.
        Ok(hmac::sign(key, &[kind.as_bytes(), &[0], plain].concat()).as_ref().to_vec())
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ids::SystemEntropy;
    use proptest::prelude::*;

    const SECRET: &[u8] = b"a signing secret of 32 bytes or more";
    const NEXT: &[u8] = b"the next signing secret, of 32 bytes";

    fn ids() -> Ids {
        Ids::new(SystemEntropy)
    }

    /// A vault with a key, and the key as it is kept.
    fn vault() -> (Vault, Vec<u8>) {
        let vault = Vault::new(SECRET, None);
        let kept = vault.fresh_key(&ids()).unwrap();
        assert_eq!(vault.unlock(&ids(), &kept).unwrap(), Some(None));
        (vault, kept)
    }

    #[test]
    fn a_sealed_secret_opens_in_its_place_alone() {
        let (vault, kept) = vault();
        let sealed = vault.seal(&ids(), "webhook 1", b"whsec").unwrap();
        assert_eq!(vault.open("webhook 1", &sealed).unwrap(), b"whsec");
        assert_eq!(vault.open("webhook 2", &sealed), None);
        let other = Vault::new(NEXT, None);
        assert_eq!(other.unlock(&ids(), &kept).unwrap(), None);
        assert_eq!(other.open("webhook 1", &sealed), None);
    }

    #[test]
    fn nothing_is_sealed_nor_marked_while_it_is_shut() {
        let shut = Vault::new(SECRET, None);
        assert!(shut.seal(&ids(), "webhook 1", b"whsec").is_err() && shut.mark("address", b"a").is_err());
    }

    #[test]
    fn another_signing_secret_seals_one_key_anew_and_all_opens() {
        let (vault, kept) = vault();
        let sealed = vault.seal(&ids(), "webhook 1", b"whsec").unwrap();
        let between = Vault::new(NEXT, Some(SECRET));
        let anew = between.unlock(&ids(), &kept).unwrap().unwrap().unwrap();
        assert_eq!(between.open("webhook 1", &sealed).unwrap(), b"whsec");
        let after = Vault::new(NEXT, None);
        assert_eq!(after.unlock(&ids(), &anew).unwrap(), Some(None));
        assert_eq!(after.open("webhook 1", &sealed).unwrap(), b"whsec");
        assert_eq!(after.mark("address", b"a").unwrap(), vault.mark("address", b"a").unwrap());
    }

    #[test]
    fn what_was_sealed_with_the_signing_secret_itself_still_opens() {
        let sealed = seal(&derived(SECRET, LABEL).unwrap(), &ids(), "webhook 1", b"whsec").unwrap();
        assert_eq!(vault().0.open("webhook 1", &sealed).unwrap(), b"whsec");
        assert_eq!(Vault::new(NEXT, Some(SECRET)).open("webhook 1", &sealed).unwrap(), b"whsec");
        assert_eq!(Vault::new(NEXT, None).open("webhook 1", &sealed), None);
    }

    #[test]
    fn marks_are_alike_for_the_same_value_of_the_same_kind_in_the_same_newsroom() {
        let (one, other) = (vault().0, vault().0);
        let mark = one.mark("address", b"sara@example.org").unwrap();
        assert_eq!(one.mark("address", b"sara@example.org").unwrap(), mark);
        assert_ne!(one.mark("address", b"sara@example.com").unwrap(), mark);
        assert_ne!(one.mark("name", b"sara@example.org").unwrap(), mark);
        assert_ne!(other.mark("address", b"sara@example.org").unwrap(), mark);
    }

    #[test]
    fn one_changed_bit_anywhere_spoils_it() {
        let (vault, _) = vault();
        let sealed = vault.seal(&ids(), "webhook 1", b"whsec").unwrap();
        for bit in 0..sealed.len() * 8 {
            let flipped = |(at, byte): (usize, &u8)| if at == bit / 8 { byte ^ (1 << (bit % 8)) } else { *byte };
            let changed: Vec<u8> = sealed.iter().enumerate().map(flipped).collect();
            assert_eq!(vault.open("webhook 1", &changed), None, "bit {bit}");
        }
    }

    #[test]
    fn a_beginning_of_it_is_nothing() {
        let (vault, _) = vault();
        let sealed = vault.seal(&ids(), "webhook 1", b"").unwrap();
        for length in 0..sealed.len() {
            let beginning: Vec<u8> = sealed.iter().copied().take(length).collect();
            assert_eq!(vault.open("webhook 1", &beginning), None, "{length} bytes");
        }
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        let (vault, _) = vault();
        let sealed = || vault.seal(&ids(), "webhook 1", b"whsec").unwrap();
        assert_ne!(sealed(), sealed());
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_is_hidden_and_comes_back(plain in proptest::collection::vec(any::<u8>(), 8..200), place: String) {
            let (vault, _) = vault();
            let sealed = vault.seal(&ids(), &place, &plain).unwrap();
            prop_assert!(!sealed.windows(plain.len()).any(|part| part == plain));
            prop_assert_eq!(vault.open(&place, &sealed), Some(plain));
        }
    }
}
