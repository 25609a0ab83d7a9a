//! Signatures by the Standard Webhooks specification 1.0: HMAC-SHA256 over the message's id, its instant and its
//! body. Whoever receives a webhook verifies it with any of the specification's libraries.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::fault::Fault;
use crate::ids::Ids;
use crate::time::UtcTime;

/// What a secret begins with.
const SECRET_PREFIX: &str = "whsec_";
/// Bytes of a secret, as the specification bounds them.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// The form of a secret.
const SECRET_FORM: &str = "whsec_<base64>";

/// What Khabar and one receiver know, and nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A fresh one, of 256 bits.
    pub fn fresh(ids: &Ids) -> Self {
        Self(ids.secret().to_vec())
    }

    /// Reads `whsec_` and 24 to 64 bytes in base64.
    ///
    /// # Errors
    /// `bad_format`
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let bytes = text.strip_prefix(SECRET_PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
        let bytes = bytes.filter(|bytes| SECRET_BYTES.contains(&bytes.len()));
        bytes.map(Self).ok_or_else(|| Fault::BadFormat(SECRET_FORM.into()))
    }

    /// The text that is told once, to whoever sets the receiver up.
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The value of `webhook-signature`: one signature for each secret, in their order, so that a receiver may know the
/// old one or the new one while they are changed. `at` is what `webhook-timestamp` says, in whole seconds.
pub fn sign(secrets: &[Secret], id: &str, at: UtcTime, body: &[u8]) -> String {
    let head = format!("{id}.{}.", at.seconds());
    let signature = |secret: &Secret| {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret.0));
        context.update(head.as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    };
    secrets.iter().map(signature).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ids::SystemEntropy;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_specification_has_its_signature() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = UtcTime::from_micros(1_614_265_330_000_000);
        assert_eq!(
            sign(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn every_secret_signs_while_they_are_changed() {
        let ids = Ids::new(SystemEntropy);
        let (old, new) = (Secret::fresh(&ids), Secret::fresh(&ids));
        let at = UtcTime::from_micros(0);
        let one = |secret: &Secret| sign(std::slice::from_ref(secret), "msg_1", at, b"{}");
        assert_ne!(one(&old), one(&new));
        assert_eq!(sign(&[new.clone(), old.clone()], "msg_1", at, b"{}"), format!("{} {}", one(&new), one(&old)));
    }

    #[test]
    fn a_secret_is_read_back_and_never_shown() {
        let secret = Secret::fresh(&Ids::new(SystemEntropy));
        assert_eq!(secret.reveal().len(), "whsec_".len() + 44);
        assert_eq!(Secret::parse(&secret.reveal()), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "…");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let short = format!("whsec_{}", STANDARD.encode([7; 23]));
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        let bare = STANDARD.encode([7; 32]);
        for text in ["", "whsec_", "whsec_%%%", "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &short, &long, &bare] {
            assert!(Secret::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_changes_in_a_message_changes_its_signature(
            id in "[a-z_0-9]{1,40}",
            seconds in 0_i64..4_000_000_000,
            body in proptest::collection::vec(any::<u8>(), 0..200),
            key in proptest::collection::vec(any::<u8>(), 24..=64),
        ) {
            let secret = Secret::parse(&format!("whsec_{}", STANDARD.encode(&key))).unwrap();
            let at = |seconds: i64| UtcTime::from_micros(seconds * 1_000_000);
            let signed = sign(std::slice::from_ref(&secret), &id, at(seconds), &body);
            let by_the_library = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, &key),
                &[format!("{id}.{seconds}.").as_bytes(), &body].concat(),
            );
            prop_assert_eq!(&signed, &format!("v1,{}", STANDARD.encode(by_the_library)));
            let longer = [body.as_slice(), b" "].concat();
            let secrets = std::slice::from_ref(&secret);
            prop_assert_ne!(&sign(secrets, &id, at(seconds), &longer), &signed);
            prop_assert_ne!(&sign(secrets, &id, at(seconds + 1), &body), &signed);
            prop_assert_ne!(&sign(secrets, &format!("{id}x"), at(seconds), &body), &signed);
        }
    }
}
