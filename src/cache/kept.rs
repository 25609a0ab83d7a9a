//! An answer as bytes, in each coding that somebody has asked for.

use std::io::Write as _;

use std::sync::OnceLock;

use bytes::Bytes;
use tokio::sync::OnceCell;

use super::Facet;
use super::facet;
use super::http::Head;
use crate::time::UtcTime;

/// How well answers are compressed: once, for many readers, but somebody waits for it.
const BROTLI_QUALITY: u32 = 5;
/// Brotli's window, as a power of two: no answer is longer.
const BROTLI_WINDOW: u32 = 20;
const ZSTD_LEVEL: i32 = 9;
/// What an answer takes beside its bytes, with the heads of two forms.
const OVERHEAD: u64 = 2_560;

/// What an answer rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// It holds while none of these is touched,
    pub facets: Vec<Facet>,
    /// and before this instant.
    pub until: Option<UtcTime>,
}

impl Rest {
    /// Resting on these.
    pub fn on(facets: &[Facet]) -> Self {
        Self { facets: facets.to_vec(), until: None }
    }

    /// On one more.
    pub fn and(&mut self, facet: Facet) {
        if !self.facets.contains(&facet) {
            self.facets.push(facet);
        }
    }

    /// The names by which caches of others may be told that it holds no more; all that there is has one, too.
    pub fn keys(&self) -> String {
        format!("{} {}", Facet::All.key(), facet::keys(&self.facets))
    }

    /// And on no more than this.
    pub fn before(&mut self, at: UtcTime) {
        self.until = Some(self.until.map_or(at, |until| until.min(at)));
    }
}

/// An answer that everyone gets alike, 200.
#[derive(Debug)]
pub struct Kept {
    /// What it rests on.
    pub rest: Rest,
    /// How many changes there were before it was read.
    pub count: u64,
    /// Names and values of its own headers, without the tag.
    pub headers: Vec<(&'static str, String)>,
    /// The strong tag of the body without a coding.
    pub etag: String,
    /// The body without a coding.
    pub body: Bytes,
    coded: [OnceCell<Bytes>; 4],
    heads: [OnceLock<Head>; 6],
}

/// As what an answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The body in a coding.
    Coded(Coding),
    /// The body without one.
    Plain,
    /// No body: the caller has it.
    Held,
}

impl Form {
    const fn place(self) -> usize {
        match self {
            Self::Coded(coding) => coding as usize,
            Self::Plain => 4,
            Self::Held => 5,
        }
    }
}

/// How a body may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// RFC 1952.
    Gzip,
    /// RFC 1950.
    Deflate,
}

impl Coding {
    /// Its name in HTTP.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    fn compress(self, body: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Brotli => {
                let mut coded =
                    brotli::CompressorWriter::new(Vec::new(), body.len().max(1), BROTLI_QUALITY, BROTLI_WINDOW);
                coded.write_all(body)?;
                Ok(coded.into_inner())
            }
            Self::Zstd => zstd::bulk::compress(body, ZSTD_LEVEL),
            Self::Gzip => {
                let mut coded = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                coded.write_all(body)?;
                coded.finish()
            }
            Self::Deflate => {
                let mut coded = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
                coded.write_all(body)?;
                coded.finish()
            }
        }
    }
}

impl Kept {
    /// An answer with what it rests on, read after so many changes.
    pub fn new((rest, count): (Rest, u64), headers: Vec<(&'static str, String)>, etag: String, body: Bytes) -> Self {
        Self { rest, count, headers, etag, body, coded: Default::default(), heads: Default::default() }
    }

    /// Whether it still holds at an instant, if nothing was changed.
    pub(super) fn holds_at(&self, now: UtcTime) -> bool {
        self.rest.until.is_none_or(|until| now < until)
    }

    /// About how many bytes it takes, once it was asked for in a coding or two.
    pub(super) fn weight(&self) -> u64 {
        let headers: usize = self.headers.iter().map(|(_, value)| value.len()).sum();
        let own = headers + self.rest.facets.len() * size_of::<Facet>();
        OVERHEAD + (own + 2 * self.body.len()) as u64
    }

    /// Remembers with which head it leaves in a form.
    pub(super) fn leaves(&self, form: Form, head: impl FnOnce() -> Head) {
        if let Some(slot) = self.heads.get(form.place()) {
            slot.get_or_init(head);
        }
    }

    /// The head and the body with which it has left in a form.
    pub(super) fn left(&self, form: Form) -> Option<(&Head, Bytes)> {
        let head = self.heads.get(form.place())?.get()?;
        let body = match form {
            Form::Coded(coding) => self.coded.get(coding as usize)?.get()?.clone(),
            Form::Plain => self.body.clone(),
            Form::Held => Bytes::new(),
        };
        Some((head, body))
    }

    /// The body in a coding, made when first asked for and away from the threads that answer.
    pub(super) async fn coded(&self, coding: Coding) -> Option<Bytes> {
        let slot = self.coded.get(coding as usize)?;
        let make = async || {
            let body = self.body.clone();
            let made = tokio::task::spawn_blocking(move || coding.compress(&body)).await;
            made.ok().and_then(Result::ok).map(Bytes::from).ok_or(())
        };
        slot.get_or_try_init(make).await.ok().cloned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Read as _;

    #[test]
    fn every_coding_gives_the_same_back() {
        let body = "خبر عاجل من موسكو ".repeat(500).into_bytes();
        for coding in [Coding::Brotli, Coding::Zstd, Coding::Gzip, Coding::Deflate] {
            let coded = coding.compress(&body).unwrap();
            assert!(coded.len() < body.len() / 10, "{coding:?}");
            let mut again = Vec::new();
            match coding {
                Coding::Brotli => brotli::Decompressor::new(&*coded, 4_096).read_to_end(&mut again).unwrap(),
                Coding::Zstd => zstd::stream::read::Decoder::new(&*coded).unwrap().read_to_end(&mut again).unwrap(),
                Coding::Gzip => flate2::read::GzDecoder::new(&*coded).read_to_end(&mut again).unwrap(),
                Coding::Deflate => flate2::read::ZlibDecoder::new(&*coded).read_to_end(&mut again).unwrap(),
            };
            assert_eq!(again, body, "{coding:?}");
        }
    }
}
