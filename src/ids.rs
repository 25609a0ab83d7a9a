//! Identifiers and secrets, and the one place where randomness enters.
//!
//! An [`Id`] is a UUIDv7 that knows at compile time what it identifies; databases keep its 16 bytes, so
//! that it sorts by creation on both.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::{Builder, Uuid};

use crate::fault::Fault;
use crate::time::UtcTime;

/// What an [`Id`] identifies; uninhabited markers.
pub mod of {
    /// An article.
    #[derive(Debug)]
    pub enum Article {}
    /// A publication of an article.
    #[derive(Debug)]
    pub enum Publication {}
    /// A story: alerts and articles about one event.
    #[derive(Debug)]
    pub enum Story {}
    /// A source, section, tag or author.
    #[derive(Debug)]
    pub enum Record {}
    /// A comment.
    #[derive(Debug)]
    pub enum Comment {}
    /// An account or a guest who comments.
    #[derive(Debug)]
    pub enum Commenter {}
    /// What a reader said about a comment with one touch.
    #[derive(Debug)]
    pub enum Reaction {}
    /// What a reader told moderators of a comment.
    #[derive(Debug)]
    pub enum Report {}
    /// Something that was decided about a comment.
    #[derive(Debug)]
    pub enum Decision {}
    /// Something that was done about somebody who comments.
    #[derive(Debug)]
    pub enum Sanction {}
    /// A word on a list.
    #[derive(Debug)]
    pub enum Word {}
    /// A breaking alert.
    #[derive(Debug)]
    pub enum Alert {}
    /// A collection of articles.
    #[derive(Debug)]
    pub enum Collection {}
    /// What takes the place of a collection's slots.
    #[derive(Debug)]
    pub enum Swap {}
    /// An account.
    #[derive(Debug)]
    pub enum User {}
    /// A sign-in and the refresh tokens that descend from it.
    #[derive(Debug)]
    pub enum Session {}
    /// A link that shows an article before it is public.
    #[derive(Debug)]
    pub enum PreviewLink {}
    /// A line of the audit log.
    #[derive(Debug)]
    pub enum Audit {}
    /// A browser that gets alerts.
    #[derive(Debug)]
    pub enum PushSubscription {}
    /// A node's hold on a page of a round of pushes.
    #[derive(Debug)]
    pub enum PushLease {}
    /// An endpoint that is told of events.
    #[derive(Debug)]
    pub enum Webhook {}
    /// A message to an endpoint.
    #[derive(Debug)]
    pub enum Delivery {}
    /// What a program shows instead of a password.
    #[derive(Debug)]
    pub enum Key {}
    /// A letter that waits to be posted.
    #[derive(Debug)]
    pub enum Letter {}
    /// A request to join those who work here.
    #[derive(Debug)]
    pub enum Invitation {}
    /// Somebody's account at a provider that signs them in here.
    #[derive(Debug)]
    pub enum Identity {}
    /// Something that the clock does to an article.
    #[derive(Debug)]
    pub enum Turn {}
    /// Something that was put right.
    #[derive(Debug)]
    pub enum Correction {}
    /// The site and all records, as they were between two changes.
    #[derive(Debug)]
    pub enum Furniture {}
}

/// Identifies an article.
pub type ArticleId = Id<of::Article>;
/// Identifies one publication of an article.
pub type PublicationId = Id<of::Publication>;
/// Identifies a story.
pub type StoryId = Id<of::Story>;
/// Identifies a source, section, tag or author.
pub type RecordId = Id<of::Record>;
/// Identifies a comment.
pub type CommentId = Id<of::Comment>;
/// Identifies an account or a guest who comments.
pub type CommenterId = Id<of::Commenter>;
/// Identifies what a reader said about a comment with one touch.
pub type ReactionId = Id<of::Reaction>;
/// Identifies what a reader told moderators of a comment.
pub type ReportId = Id<of::Report>;
/// Identifies something that was decided about a comment.
pub type DecisionId = Id<of::Decision>;
/// Identifies something that was done about somebody who comments.
pub type SanctionId = Id<of::Sanction>;
/// Identifies a word on a list.
pub type WordId = Id<of::Word>;
/// Identifies a breaking alert.
pub type AlertId = Id<of::Alert>;
/// Identifies a collection.
pub type CollectionId = Id<of::Collection>;
/// Identifies a swap of a collection's slots.
pub type SwapId = Id<of::Swap>;
/// Identifies an account.
pub type UserId = Id<of::User>;
/// Identifies a session.
pub type SessionId = Id<of::Session>;
/// Identifies a link that shows an article before it is public.
pub type PreviewLinkId = Id<of::PreviewLink>;
/// Identifies a line of the audit log.
pub type AuditId = Id<of::Audit>;
/// Identifies a browser that gets alerts.
pub type PushSubscriptionId = Id<of::PushSubscription>;
/// Identifies a node's hold on a page of a round of pushes.
pub type PushLeaseId = Id<of::PushLease>;
/// Identifies an endpoint that is told of events.
pub type WebhookId = Id<of::Webhook>;
/// Identifies something that the clock does to an article.
pub type TurnId = Id<of::Turn>;
/// Identifies something that was put right.
pub type CorrectionId = Id<of::Correction>;
/// Identifies a state of the site and all records.
pub type FurnitureId = Id<of::Furniture>;
/// Identifies an API key.
pub type KeyId = Id<of::Key>;
/// Identifies a letter that waits to be posted.
pub type LetterId = Id<of::Letter>;
/// Identifies a request to join those who work here.
pub type InvitationId = Id<of::Invitation>;
/// Identifies somebody's account at a provider that signs them in here.
pub type IdentityId = Id<of::Identity>;
/// Identifies a message to an endpoint.
pub type DeliveryId = Id<of::Delivery>;

/// A UUIDv7 (RFC 9562) of one kind of thing.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Id<K: 'static>(Uuid, PhantomData<fn() -> K>);

impl<K> Id<K> {
    /// Names a UUID as the id of a thing of this kind.
    pub const fn of(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// Reads the hyphenated form.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text.len() {
            36 => Uuid::try_parse(text).map(Self::of).map_err(|_| Fault::NotAnId),
            _ => Err(Fault::NotAnId),
        }
    }

    /// The bare UUID.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::of)
    }
}

impl<K> PartialSchema for Id<K> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::Custom("uuid".into())))
            .examples(["0192f3a4-5b6c-7d8e-9f01-23456789abcd"])
            .into()
    }
}
impl<K> ToSchema for Id<K> {}

impl<K: 'static, DB: Backend> ToSql<Binary, DB> for Id<K>
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <[u8] as ToSql<Binary, DB>>::to_sql(self.0.as_bytes().as_slice(), out)
    }
}

impl<K: 'static, DB: Backend> FromSql<Binary, DB> for Id<K>
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(raw)?;
        Ok(Self::of(Uuid::from_slice(&bytes)?))
    }
}

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with bytes that nobody can foresee.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::panic, reason = "without randomness no token is safe: stopping is the only honest answer")]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the operating system gives no randomness: {error}");
        }
    }
}

/// Bytes that follow from a number (`SplitMix64`), for what has to be the same each time. Whoever knows the number foresees
/// them: nothing that is secret is made of them.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// Those that follow from this number.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        for part in buffer.chunks_mut(8) {
            let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            part.iter_mut().zip((mixed ^ (mixed >> 31)).to_le_bytes()).for_each(|(to, from)| *to = from);
        }
    }
}

/// Makes ids and secrets from a clock and an [`Entropy`].
pub struct Ids {
    entropy: Box<dyn Entropy>,
    /// Labels go on from here.
    labels: AtomicU64,
    /// What tells them from those of other nodes that began at the same place.
    node: u16,
}

impl Ids {
    /// Draws from this source.
    pub fn new(entropy: impl Entropy + 'static) -> Self {
        let (mut start, mut node) = ([0; 8], [0; 2]);
        entropy.fill(&mut start);
        entropy.fill(&mut node);
        Self {
            entropy: Box::new(entropy),
            labels: AtomicU64::new(u64::from_le_bytes(start)),
            node: u16::from_le_bytes(node),
        }
    }

    /// A fresh UUIDv7 for what is no secret and named very often: unlike all others, and easily foreseen.
    pub fn label(&self, now: UtcTime) -> Uuid {
        let count = self.labels.fetch_add(1, Ordering::Relaxed);
        let [_, _, _, _, _, _, bits @ ..] = (u128::from(self.node) << 64 | u128::from(count)).to_be_bytes();
        v7(now, bits)
    }

    /// A fresh id; ids of later milliseconds sort later.
    pub fn next<K>(&self, now: UtcTime) -> Id<K> {
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        Id::of(v7(now, random))
    }

    /// 256 random bits.
    pub fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        self.entropy.fill(&mut secret);
        secret
    }

    /// A number below another one, to spread things out; 0 below 0. Fair enough for numbers far below 2^32.
    pub fn below(&self, bound: u32) -> u32 {
        let mut random = [0; 4];
        self.entropy.fill(&mut random);
        u32::from_le_bytes(random).checked_rem(bound).unwrap_or_default()
    }

    /// 256 random bits as URL-safe text of 43 characters.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.secret())
    }
}

/// What is kept of a token, and of whatever else begins with one. It is as random as its hash, so one plain hash hides it well.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn v7(now: UtcTime, bits: [u8; 10]) -> Uuid {
    let millis = u64::try_from(now.micros().div_euclid(1000)).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}
