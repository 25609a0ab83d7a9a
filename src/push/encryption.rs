//! Encrypts messages for one browser (RFC 8291 over RFC 8188), so that the push service between us reads nothing.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::fault::Fault;
use crate::ids::{Ids, SystemEntropy};

/// Bytes of a public key: an uncompressed point of P-256.
const KEY_BYTES: usize = 65;
/// What an uncompressed point begins with.
const UNCOMPRESSED: u8 = 4;
/// Bytes of the secret that a browser gives along.
const AUTH_BYTES: usize = 16;
/// Bytes of the salt of a message.
const SALT_BYTES: usize = 16;
/// The size of a record; a message is always a single one.
const RECORD_BYTES: u32 = 4096;
/// Closes the last record (RFC 8188 §2).
const LAST: u8 = 2;
/// The longest message in clear: push services take 4096 bytes (RFC 8030 §7.2), of which the salt, the record's size,
/// our key and its length, [`LAST`] and the tag of 16 bytes are not the message's.
pub const PAYLOAD_BYTES_MAX: usize = 4096 - (SALT_BYTES + 4 + 1 + KEY_BYTES) - 1 - 16;

/// Why a message can't be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// It has more than [`PAYLOAD_BYTES_MAX`].
    #[error("the message is too long for a push")]
    TooLong,
    /// The browser's keys are none.
    #[error("the keys of the subscription can't be used")]
    BadKeys,
}

impl From<Unspecified> for EncryptionError {
    fn from(_: Unspecified) -> Self {
        Self::BadKeys
    }
}

/// Reads a browser's public key, `keys.p256dh` of its subscription: a point of the curve in base64url.
///
/// # Errors
/// `bad_format`
pub fn parse_p256dh(text: &str) -> Result<Vec<u8>, Fault> {
    let fault = || Fault::BadFormat("base64url(65 bytes, P-256)".into());
    decode(text).filter(|bytes| public_key(bytes).is_some()).ok_or_else(fault)
}

/// Reads the secret of a subscription, `keys.auth`: 16 bytes in base64url.
///
/// # Errors
/// `bad_format`
pub fn parse_auth(text: &str) -> Result<Vec<u8>, Fault> {
    let fault = || Fault::BadFormat("base64url(16 bytes)".into());
    decode(text).filter(|bytes| bytes.len() == AUTH_BYTES).ok_or_else(fault)
}

/// Some browsers' libraries fill up with `=`, most do not.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// The point, if these bytes are an uncompressed one and it lies on the curve.
fn public_key(bytes: &[u8]) -> Option<ParsedPublicKey> {
    let uncompressed = bytes.len() == KEY_BYTES && bytes.first() == Some(&UNCOMPRESSED);
    let key = UnparsedPublicKey::new(&ECDH_P256, bytes);
    uncompressed.then(|| ParsedPublicKey::try_from(key).ok()).flatten()
}

/// The body of a push for one subscription, to be sent with `Content-Encoding: aes128gcm`. No two are alike.
pub fn encrypt(p256dh: &[u8], auth: &[u8], payload: &[u8]) -> Result<Vec<u8>, EncryptionError> {
    // The library draws the key by itself, so that nothing is gained by a salt that a test can foresee.
    let salt = Ids::new(SystemEntropy).secret();
    let salt = salt.first_chunk::<SALT_BYTES>().ok_or(EncryptionError::BadKeys)?;
    encrypt_with(&PrivateKey::generate(&ECDH_P256)?, salt, (p256dh, auth), payload)
}

/// The same with the key and the salt that are given.
fn encrypt_with(
    ours: &PrivateKey,
    salt: &[u8; SALT_BYTES],
    (p256dh, auth): (&[u8], &[u8]),
    payload: &[u8],
) -> Result<Vec<u8>, EncryptionError> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(EncryptionError::TooLong);
    }
    if auth.len() != AUTH_BYTES {
        return Err(EncryptionError::BadKeys);
    }
    let theirs = public_key(p256dh).ok_or(EncryptionError::BadKeys)?;
    let our_public = ours.compute_public_key()?;
    let (key, nonce) = agree(ours, theirs, Unspecified, |shared| {
        let parties = [b"WebPush: info\0".as_slice(), p256dh, our_public.as_ref()].concat();
        let message = derive::<32>(auth, shared, &parties)?;
        let key = derive::<16>(salt, &message, b"Content-Encoding: aes128gcm\0")?;
        let nonce = derive::<NONCE_LEN>(salt, &message, b"Content-Encoding: nonce\0")?;
        Ok((key, nonce))
    })?;
    let mut record = [payload, &[LAST]].concat();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
    let our_length = [our_public.as_ref().len().try_into().unwrap_or(u8::MAX)];
    Ok([salt.as_slice(), &RECORD_BYTES.to_be_bytes(), &our_length, our_public.as_ref(), &record].concat())
}

/// HKDF-SHA256 from salt, secret and label to so many bytes.
fn derive<const N: usize>(salt: &[u8], secret: &[u8], label: &[u8]) -> Result<[u8; N], Unspecified> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut derived = [0; N];
    hkdf::Salt::new(HKDF_SHA256, salt).extract(secret).expand(&[label], Length(N))?.fill(&mut derived)?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    // The example of RFC 8291 §5 and its appendix.
    const MESSAGE: &[u8] = b"When I grow up, I want to be a watermelon";
    const OUR_PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const BROWSER_PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    const BROWSER_PUBLIC: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const ENCRYPTED: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY\
                             WAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    fn private(text: &str) -> PrivateKey {
        PrivateKey::from_private_key(&ECDH_P256, &decode(text).unwrap()).unwrap()
    }

    /// What a browser does (RFC 8291 §3.4, RFC 8188 §2), written from the other side.
    fn decrypt(browser: &PrivateKey, auth: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let (salt, rest) = body.split_first_chunk::<16>()?;
        let (record_bytes, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first()?;
        let (sender, record) = rest.split_at_checked(usize::from(*length))?;
        assert!(record.len() <= usize::try_from(u32::from_be_bytes(*record_bytes)).unwrap());
        let public = browser.compute_public_key().unwrap();
        let message = agree(browser, UnparsedPublicKey::new(&ECDH_P256, sender), Unspecified, |shared| {
            derive::<32>(auth, shared, &[b"WebPush: info\0", public.as_ref(), sender].concat())
        });
        let message = message.ok()?;
        let key = derive::<16>(salt, &message, b"Content-Encoding: aes128gcm\0").unwrap();
        let nonce = derive::<12>(salt, &message, b"Content-Encoding: nonce\0").unwrap();
        let mut record = record.to_vec();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let opened = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record).ok()?;
        opened.strip_suffix(&[LAST]).map(<[u8]>::to_vec)
    }

    #[test]
    fn the_example_of_the_standard_is_encrypted_byte_for_byte() {
        let salt = decode(SALT).unwrap().try_into().unwrap();
        let (p256dh, auth) = (parse_p256dh(BROWSER_PUBLIC).unwrap(), parse_auth(AUTH).unwrap());
        let body = encrypt_with(&private(OUR_PRIVATE), &salt, (&p256dh, &auth), MESSAGE).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(body), ENCRYPTED);
    }

    #[test]
    fn the_example_of_the_standard_is_decrypted() {
        let body = decode(ENCRYPTED).unwrap();
        assert_eq!(decrypt(&private(BROWSER_PRIVATE), &decode(AUTH).unwrap(), &body).unwrap(), MESSAGE);
    }

    #[test]
    fn no_two_bodies_are_alike() {
        let (p256dh, auth) = (parse_p256dh(BROWSER_PUBLIC).unwrap(), parse_auth(AUTH).unwrap());
        let (one, other) = (encrypt(&p256dh, &auth, MESSAGE).unwrap(), encrypt(&p256dh, &auth, MESSAGE).unwrap());
        assert_ne!(one[..16], other[..16], "the salt");
        assert_ne!(one[21..86], other[21..86], "our key");
    }

    #[test]
    fn a_message_has_an_end_that_push_services_take() {
        let (p256dh, auth) = (parse_p256dh(BROWSER_PUBLIC).unwrap(), parse_auth(AUTH).unwrap());
        assert_eq!(encrypt(&p256dh, &auth, &[b'a'; PAYLOAD_BYTES_MAX]).unwrap().len(), 4096);
        assert_eq!(encrypt(&p256dh, &auth, &[b'a'; PAYLOAD_BYTES_MAX + 1]), Err(EncryptionError::TooLong));
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let point = decode(BROWSER_PUBLIC).unwrap();
        let with = |at: usize, byte: u8| {
            let mut changed = point.clone();
            changed[at] = byte;
            URL_SAFE_NO_PAD.encode(changed)
        };
        let compressed = URL_SAFE_NO_PAD.encode([&[2], &point[1..33]].concat());
        let der = URL_SAFE_NO_PAD.encode([&[0x30, 0x59], point.as_slice()].concat());
        let zero = URL_SAFE_NO_PAD.encode([[4].as_slice(), &[0; 64]].concat());
        let standard = BROWSER_PUBLIC.replace('_', "/").replace('-', "+");
        let short = URL_SAFE_NO_PAD.encode(&point[..64]);
        for text in [
            "",
            "AA",
            "not base64!",
            &with(64, 0),
            &with(0, 6),
            &with(0, 3),
            &compressed,
            &der,
            &zero,
            &standard,
            &short,
        ] {
            assert!(parse_p256dh(text).is_err(), "{text}");
        }
        assert_eq!(parse_p256dh(&format!("{BROWSER_PUBLIC}=")), Ok(point.clone()));
        for text in ["", "BTBZMqHH6r4Tts7J_aSI", "BTBZMqHH6r4Tts7J_aSIggAA", "BTBZMqHH6r4Tts7J/aSIgg"] {
            assert!(parse_auth(text).is_err(), "{text}");
        }
        assert!(parse_auth(&format!("{AUTH}==")).is_ok());
        assert_eq!(encrypt(&[4; 65], &[0; 16], b"a"), Err(EncryptionError::BadKeys));
        assert_eq!(encrypt(&point, &[0; 15], b"a"), Err(EncryptionError::BadKeys));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_encrypted_its_browser_alone_decrypts(
            payload in proptest::collection::vec(any::<u8>(), 0..=PAYLOAD_BYTES_MAX),
            auth: [u8; 16],
        ) {
            let (browser, other) = (PrivateKey::generate(&ECDH_P256).unwrap(), PrivateKey::generate(&ECDH_P256).unwrap());
            let body = encrypt(browser.compute_public_key().unwrap().as_ref(), &auth, &payload).unwrap();
            prop_assert_eq!(decrypt(&other, &auth, &body), None);
            prop_assert_eq!(decrypt(&browser, &auth.map(|byte| !byte), &body), None);
            prop_assert_eq!(decrypt(&browser, &auth, &body), Some(payload));
        }
    }
}
