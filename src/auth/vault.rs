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
pub struct Vault(Option<LessSafeKey>);

impl Vault {
    /// The vault of whoever knows this signing secret.
    pub fn new(secret: &[u8]) -> Self {
        let random = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret);
        let derived = random.expand(&[LABEL], &AES_256_GCM).map(UnboundKey::from).map(LessSafeKey::new);
        Self(derived.ok())
    }

    /// Seals bytes for one place, which the context names: `webhook 0192f3a4…`. Elsewhere they don't open, so nobody
    /// who can write to the database moves a sealed secret to a receiver of their own.
    pub fn seal(&self, ids: &Ids, context: &str, plain: &[u8]) -> Result<Vec<u8>, Problem> {
        let broken = || Problem::internal("the vault can't seal");
        let key = self.0.as_ref().ok_or_else(broken)?;
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
        let mut opened = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.as_ref()?.open_in_place(nonce, Aad::from(context), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
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
        Vault::new(SECRET).seal(&Ids::new(SystemEntropy), "webhook 1", plain).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_in_its_place_alone() {
        let sealed = sealed(b"whsec");
        assert_eq!(Vault::new(SECRET).open("webhook 1", &sealed).unwrap(), b"whsec");
        assert_eq!(Vault::new(SECRET).open("webhook 2", &sealed), None);
        assert_eq!(Vault::new(b"another signing secret of 32 bytes").open("webhook 1", &sealed), None);
    }

    #[test]
    fn one_changed_bit_anywhere_spoils_it() {
        let sealed = sealed(b"whsec");
        for bit in 0..sealed.len() * 8 {
            let flipped = |(at, byte): (usize, &u8)| if at == bit / 8 { byte ^ (1 << (bit % 8)) } else { *byte };
            let changed: Vec<u8> = sealed.iter().enumerate().map(flipped).collect();
            assert_eq!(Vault::new(SECRET).open("webhook 1", &changed), None, "bit {bit}");
        }
    }

    #[test]
    fn a_beginning_of_it_is_nothing() {
        let sealed = sealed(b"");
        for length in 0..sealed.len() {
            let beginning: Vec<u8> = sealed.iter().copied().take(length).collect();
            assert_eq!(Vault::new(SECRET).open("webhook 1", &beginning), None, "{length} bytes");
        }
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        assert_ne!(sealed(b"whsec"), sealed(b"whsec"));
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_is_hidden_and_comes_back(plain in proptest::collection::vec(any::<u8>(), 8..200), context: String) {
            let vault = Vault::new(SECRET);
            let sealed = vault.seal(&Ids::new(SystemEntropy), &context, &plain).unwrap();
            prop_assert!(!sealed.windows(plain.len()).any(|part| part == plain));
            prop_assert_eq!(vault.open(&context, &sealed), Some(plain));
        }
    }
}
