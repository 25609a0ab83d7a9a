//! Passwords: argon2id at OWASP's parameters (19 MiB, t=2, p=1), hashed by a bounded few at a time, so that a
//! flood of sign-ins can't stop the newsroom.

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::aside::{Aside, Busy};

/// Hashes that may be made or wait for a turn, for each processor; beyond it callers are told to come back.
const WAITING: usize = 32;
/// What is reserved for a hash, of which it uses a part. Glibc gives what is over 32 MiB back to the system when it is
/// freed; of smaller blocks it keeps each and lends it to none of the next hashes, so every sign-in would cost 19 MiB.
const RESERVED_BYTES: usize = 33 * 1024 * 1024;

/// A password hash in PHC form.
#[derive(Clone)]
pub struct PasswordHash(pub String);

impl PasswordHash {
    /// The hash of whoever has no password: none fits it, which takes as long to find out as of any other.
    pub fn nobodys() -> Self {
        Self(NOBODY.into())
    }

    /// Whether it is that one.
    pub fn is_nobodys(&self) -> bool {
        self.0 == NOBODY
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Hashes passwords.
#[derive(Debug)]
pub struct Hasher(Aside);

impl Hasher {
    /// As many at a time as the machine has cores.
    pub fn new() -> Self {
        Self(Aside::new(WAITING))
    }

    /// The hash of a password, with a salt of its own.
    pub async fn hash(&self, password: String, salt: [u8; 32]) -> Result<PasswordHash, Busy> {
        self.run(move || hash(&password, &salt)).await.and_then(|hash| hash.ok_or(Busy))
    }

    /// Whether a password fits a hash. Takes as long for nobody's hash as for somebody's.
    pub async fn verify(&self, password: String, hash: Option<PasswordHash>) -> Result<bool, Busy> {
        self.run(move || verify(&password, hash.as_ref())).await
    }

    /// Does what takes a processor for a while in its turn among the hashes.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        self.0.run(work).await
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

fn hash(password: &str, salt: &[u8]) -> Option<PasswordHash> {
    let argon = Argon2::default();
    let hash = phc::PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon.params()).ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(output(&argon, password, salt)?),
    };
    Some(PasswordHash(hash.to_string()))
}

/// Hashes in memory of our own.
fn output(argon: &Argon2<'_>, password: &str, salt: &[u8]) -> Option<Output> {
    let mut memory = Vec::with_capacity(RESERVED_BYTES / Block::SIZE);
    memory.resize(argon.params().block_count(), Block::default());
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..argon.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))?;
    argon.hash_password_into_with_memory(password.as_bytes(), salt, output, &mut memory).ok()?;
    Output::new(output).ok()
}

/// What is compared when there is no such account, or one without a password: made like any other, from 32 random bytes that
/// nobody kept.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$e12zZ/4nkw5put4N/awML91q9rIXySf6IN2HfA81Nao$\
    OsrKzRgBa0C/GLnWH4XOvmuTVcfnsCUAL5xznaARjbI";

fn verify(password: &str, hash: Option<&PasswordHash>) -> bool {
    let text = hash.map_or(NOBODY, |hash| &hash.0);
    fits(password, text).unwrap_or(false) && text != NOBODY
}

/// `None` when the text is no hash.
fn fits(password: &str, text: &str) -> Option<bool> {
    let kept = phc::PasswordHash::new(text).ok()?;
    let algorithm = Algorithm::try_from(kept.algorithm.as_str()).ok()?;
    let version = Version::try_from(kept.version?).ok()?;
    let argon = Argon2::new(algorithm, version, Params::try_from(&kept).ok()?);
    // Outputs are compared in constant time.
    Some(output(&argon, password, kept.salt.as_ref()?)? == kept.hash?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    #[test]
    fn hashes_are_those_of_the_library() {
        let (password, salt) = ("قهوة سادة", [3; 32]);
        let ours = hash(password, &salt).unwrap();
        let theirs: phc::PasswordHash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).unwrap();
        assert_eq!(ours.0, theirs.to_string());
        let parsed = phc::PasswordHash::new(&ours.0).unwrap();
        assert!(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    }

    #[test]
    fn what_is_no_hash_fits_nothing() {
        for text in ["", "قهوة", "$argon2id$v=19$m=19456,t=2,p=1$e12zZ/4nkw5put4N/awML91q9rIXySf6IN2HfA81Nao"] {
            assert!(!verify("قهوة", Some(&PasswordHash(text.into()))), "{text}");
        }
    }

    #[test]
    fn nobodys_hash_costs_what_a_fresh_one_costs() {
        let fresh = hash("correct horse battery staple", &[7; 32]).unwrap();
        let fresh = phc::PasswordHash::new(&fresh.0).unwrap();
        let nobody = phc::PasswordHash::new(NOBODY).unwrap();
        assert_eq!((nobody.algorithm, nobody.version), (fresh.algorithm, fresh.version));
        assert_eq!(nobody.params, fresh.params);
        assert_eq!(nobody.hash.unwrap().len(), fresh.hash.unwrap().len());
        assert_eq!(nobody.salt.unwrap().len(), fresh.salt.unwrap().len());
    }

    #[test]
    fn a_password_fits_its_own_hash_and_nobodys_fits_none() {
        let kept = hash("قهوة سادة", &[1; 32]).unwrap();
        assert!(verify("قهوة سادة", Some(&kept)));
        assert!(!verify("قهوة", Some(&kept)));
        for nobody in [None, Some(&PasswordHash::nobodys())] {
            assert!(!verify("قهوة سادة", nobody));
        }
        assert!(PasswordHash::nobodys().is_nobodys() && !kept.is_nobodys());
    }

    #[test]
    fn the_parameters_are_owasps_or_stronger() {
        let kept = hash("x", &[1; 32]).unwrap();
        assert!(kept.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.0);
    }
}
