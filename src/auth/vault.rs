//! Seals secrets that must be kept and used again, such as those of webhooks, so that a copy of the database alone
//! gives none away. Passwords and tokens, which only have to be recognised, are hashed instead.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;

use crate::ids::Ids;
use crate::problem::Problem;

/// Sets this use of the signing secret apart from every other one (RFC 5869 §3.2).
const LABEL: &[u8] = b"khabar vault v1";
/// HKDF's salt: as good as none, since the signing secret is random, and never empty.
const SALT: &[u8] = b"khabar";

/// Seals and opens small secrets with a key that follows from the signing secret.
pub struct Vault {
    present: Option<LessSafeKey>,
    /// What was sealed before still opens.
    past: Option<LessSafeKey>,
}

/// The key that follows from a signing secret.
fn derived(secret: &[u8]) -> Option<LessSafeKey> {
    let random = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret);
    random.expand(&[LABEL], &AES_256_GCM).map(UnboundKey::from).map(LessSafeKey::new).ok()
}

impl Vault {
    /// The vault of whoever knows this signing secret, which opens what was sealed with the one before, too.
    pub fn new(secret: &[u8], before: Option<&[u8]>) -> Self {
        Self { present: derived(secret), past: before.and_then(derived) }
    }

    /// Seals bytes for one place, which the context names: `webhook 0192f3a4…`. Elsewhere they don't open, so nobody
    /// who can write to the database moves a sealed secret to a receiver of their own.
    pub fn seal(&self, ids: &Ids, context: &str, plain: &[u8]) -> Result<Vec<u8>, Problem> {
        let broken = || Problem::internal("the vault can't seal");
        let key = self.present.as_ref().ok_or_else(broken)?;
        // 96 random bits: after 2^32 seals of one key two nonces are alike by a chance of 2^-33, and we make thousands.
        let nonce = *ids.secret().first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .map_err(|_| broken())?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed for this place, if it was sealed by this vault and nobody touched it.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let open = |key: &LessSafeKey| {
            let mut opened = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let length = key.open_in_place(nonce, Aad::from(context), &mut opened).ok()?.len();
            opened.truncate(length);
            Some(opened)
        };
        [&self.present, &self.past].into_iter().flatten().find_map(open)
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

    fn sealed(plain: &[u8]) -> Vec<u8> {
        Vault::new(SECRET, None).seal(&Ids::new(SystemEntropy), "webhook 1", plain).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_in_its_place_alone() {
        let sealed = sealed(b"whsec");
        assert_eq!(Vault::new(SECRET, None).open("webhook 1", &sealed).unwrap(), b"whsec");
        assert_eq!(Vault::new(SECRET, None).open("webhook 2", &sealed), None);
        assert_eq!(Vault::new(b"another signing secret of 32 bytes", None).open("webhook 1", &sealed), None);
    }

    #[test]
    fn what_was_sealed_with_the_secret_before_opens_until_that_is_forgotten() {
        const NEXT: &[u8] = b"the next signing secret, of 32 bytes";
        let sealed = sealed(b"whsec");
        assert_eq!(Vault::new(NEXT, Some(SECRET)).open("webhook 1", &sealed).unwrap(), b"whsec");
        assert_eq!(Vault::new(NEXT, None).open("webhook 1", &sealed), None);
        let anew = Vault::new(NEXT, Some(SECRET)).seal(&Ids::new(SystemEntropy), "webhook 1", b"whsec").unwrap();
        assert_eq!(Vault::new(NEXT, None).open("webhook 1", &anew).unwrap(), b"whsec");
    }

    #[test]
    fn one_changed_bit_anywhere_spoils_it() {
        let sealed = sealed(b"whsec");
        for bit in 0..sealed.len() * 8 {
            let flipped = |(at, byte): (usize, &u8)| if at == bit / 8 { byte ^ (1 << (bit % 8)) } else { *byte };
            let changed: Vec<u8> = sealed.iter().enumerate().map(flipped).collect();
            assert_eq!(Vault::new(SECRET, None).open("webhook 1", &changed), None, "bit {bit}");
        }
    }

    #[test]
    fn a_beginning_of_it_is_nothing() {
        let sealed = sealed(b"");
        for length in 0..sealed.len() {
            let beginning: Vec<u8> = sealed.iter().copied().take(length).collect();
            assert_eq!(Vault::new(SECRET, None).open("webhook 1", &beginning), None, "{length} bytes");
        }
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        assert_ne!(sealed(b"whsec"), sealed(b"whsec"));
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_is_hidden_and_comes_back(plain in proptest::collection::vec(any::<u8>(), 8..200), context: String) {
            let vault = Vault::new(SECRET, None);
            let sealed = vault.seal(&Ids::new(SystemEntropy), &context, &plain).unwrap();
            prop_assert!(!sealed.windows(plain.len()).any(|part| part == plain));
            prop_assert_eq!(vault.open(&context, &sealed), Some(plain));
        }
    }
}
