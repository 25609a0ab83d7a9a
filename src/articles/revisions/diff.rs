//! What changed between two revisions, as data: word by word where texts differ, block by block in the body.
//!
//! Pure. Words are those of UAX #29, never less than a grapheme, so that joined letters and their marks stay whole.
//! Putting the equal and deleted segments together gives the old text, the equal and inserted ones the new. How much is
//! compared is bounded: beyond it a text is taken out and put in whole, which is true as well.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde::Serialize;
use serde_json::Value;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation as _;
use utoipa::ToSchema;

use crate::blocks::{Block, Body};
use crate::text::count;
use crate::text_enum;

/// Comparisons that one text may take, as between two blocks of some 1,500 words: words and spaces count.
const TEXT_MAX: usize = 10_000_000;
/// Comparisons that a whole diff may take.
const ALL_MAX: usize = 30_000_000;
/// Among how many blocks that follow the new version of one is looked for.
const AHEAD: usize = 20;

/// The fields that people read word by word. All others are compared as values.
const TEXTS: [&str; 16] = [
    "/headline",
    "/alternativeHeadline",
    "/subheadline",
    "/abstract",
    "/genre",
    "/by",
    "/creditText",
    "/located",
    "/leadMedia/alt",
    "/leadMedia/caption",
    "/leadMedia/creditText",
    "/edNote",
    "/usageTerms",
    "/copyrightHolder",
    "/seo/title",
    "/seo/description",
];

text_enum! {
    /// What became of a field.
    #[schema(example = "changed")]
    pub enum FieldChange {
        /// It was empty.
        Added = "added",
        /// It is empty now.
        Removed = "removed",
        /// It says something else.
        Changed = "changed",
    }
}

text_enum! {
    /// What became of a stretch of text.
    #[schema(example = "insert")]
    pub enum SegmentOp {
        /// It stands in both.
        Equal = "equal",
        /// It is new.
        Insert = "insert",
        /// It is gone.
        Delete = "delete",
    }
}

text_enum! {
    /// What became of a block.
    #[schema(example = "change")]
    pub enum BlockOp {
        /// It stands in both.
        Equal = "equal",
        /// It is new.
        Insert = "insert",
        /// It is gone.
        Delete = "delete",
        /// It says something else, or says it otherwise.
        Change = "change",
    }
}

/// A stretch of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// What became of it.
    pub op: SegmentOp,
    /// The text, with its white space.
    #[schema(example = "محادثات ")]
    pub text: String,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldDiff {
    /// Where it is, as a JSON Pointer into the snapshot.
    #[schema(example = "/headline")]
    pub pointer: String,
    /// What became of it.
    pub change: FieldChange,
    /// The texts, word by word, where it is one that people read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Vec<Segment>>,
    /// What it was, where it is another value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 5)]
    pub before: Option<Value>,
    /// What it is, where it is another value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 4)]
    pub after: Option<Value>,
}

/// A block of either body, in the order of reading.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockDiff {
    /// What became of it.
    pub op: BlockOp,
    /// The block as it is; as it was where it is gone.
    pub block: Block,
    /// The block as it was, where it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Block>,
    /// The texts word by word, where it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Vec<Segment>>,
}

/// Words that came and went, in all texts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiffStats {
    /// Words that are new.
    #[schema(example = 3)]
    pub inserted: usize,
    /// Words that are gone.
    #[schema(example = 1)]
    pub deleted: usize,
}

/// What is left to be spent on comparisons.
#[derive(Clone, Copy, Debug)]
pub struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(ALL_MAX)
    }
}

impl Budget {
    /// Whether so many comparisons may be made; if so, they are spent.
    fn takes(&mut self, old: usize, new: usize) -> bool {
        let cost = old.saturating_mul(new);
        let left = self.0.checked_sub(cost).filter(|_| cost <= TEXT_MAX);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// The words and what stands between them. A boundary of words that would cut a grapheme is none.
fn words(text: &str) -> Vec<&str> {
    let whole: HashSet<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    let bounds = text.split_word_bound_indices().map(|(at, _)| at).filter(|at| whole.contains(at));
    let bounds: Vec<usize> = bounds.chain([text.len()]).collect();
    bounds.windows(2).filter_map(|pair| text.get(*pair.first()?..*pair.last()?)).collect()
}

/// Two texts, word by word.
pub fn texts(old: &str, new: &str, budget: &mut Budget) -> Vec<Segment> {
    let mut joined = Joined::default();
    let (was, is) = (words(old), words(new));
    if old != new && !budget.takes(was.len(), is.len()) {
        joined.push(SegmentOp::Delete, old);
        joined.push(SegmentOp::Insert, new);
        return joined.finish();
    }
    let text = |words: &[&str], range: Range<usize>| words.get(range).unwrap_or_default().concat();
    for op in capture_diff_slices(Algorithm::Myers, &was, &is) {
        if op.tag() == DiffTag::Equal {
            joined.push(SegmentOp::Equal, &text(&was, op.old_range()));
        } else {
            joined.push(SegmentOp::Delete, &text(&was, op.old_range()));
            joined.push(SegmentOp::Insert, &text(&is, op.new_range()));
        }
    }
    joined.finish()
}

/// Segments in the making: a space between two changes belongs to both, so that a phrase which changed is read as one.
#[derive(Default)]
struct Joined {
    done: Vec<Segment>,
    deleted: String,
    inserted: String,
    space: String,
}

impl Joined {
    fn push(&mut self, op: SegmentOp, text: &str) {
        let is_changing = !(self.deleted.is_empty() && self.inserted.is_empty());
        match op {
            _ if text.is_empty() => {}
            SegmentOp::Equal if is_changing && text.trim().is_empty() => self.space.push_str(text),
            SegmentOp::Equal => {
                self.settle();
                self.add(SegmentOp::Equal, text);
            }
            SegmentOp::Insert | SegmentOp::Delete => {
                let space = std::mem::take(&mut self.space);
                self.deleted.push_str(&space);
                self.inserted.push_str(&space);
                let side = if op == SegmentOp::Insert { &mut self.inserted } else { &mut self.deleted };
                side.push_str(text);
            }
        }
    }

    fn settle(&mut self) {
        let (deleted, inserted) = (std::mem::take(&mut self.deleted), std::mem::take(&mut self.inserted));
        let space = std::mem::take(&mut self.space);
        self.add(SegmentOp::Delete, &deleted);
        self.add(SegmentOp::Insert, &inserted);
        self.add(SegmentOp::Equal, &space);
    }

    fn add(&mut self, op: SegmentOp, text: &str) {
        match self.done.last_mut().filter(|last| last.op == op) {
            _ if text.is_empty() => {}
            Some(last) => last.text.push_str(text),
            None => self.done.push(Segment { op, text: text.into() }),
        }
    }

    fn finish(mut self) -> Vec<Segment> {
        self.settle();
        self.done
    }
}

/// The fields of two forms that differ, in the order of the new one. A list is a value like any other.
pub fn fields(old: &Value, new: &Value, budget: &mut Budget) -> Vec<FieldDiff> {
    let (was, is) = (leaves(old), leaves(new));
    let earlier: HashMap<&str, &Value> = was.iter().map(|(pointer, value)| (pointer.as_str(), *value)).collect();
    let later: HashSet<&str> = is.iter().map(|(pointer, _)| pointer.as_str()).collect();
    let kept = is.iter().map(|(pointer, value)| (pointer, earlier.get(pointer.as_str()).copied(), Some(*value)));
    let gone = was.iter().filter(|(pointer, _)| !later.contains(pointer.as_str()));
    let both = kept.chain(gone.map(|(pointer, value)| (pointer, Some(*value), None)));
    both.filter(|(_, before, after)| before != after).map(|(at, old, new)| field(at, old, new, budget)).collect()
}

fn field(pointer: &str, before: Option<&Value>, after: Option<&Value>, budget: &mut Budget) -> FieldDiff {
    let change = match (before, after) {
        (None, _) => FieldChange::Added,
        (_, None) => FieldChange::Removed,
        _ => FieldChange::Changed,
    };
    let text = |value: Option<&'_ Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_text = TEXTS.contains(&pointer);
    FieldDiff {
        pointer: pointer.to_owned(),
        change,
        segments: is_text.then(|| texts(&text(before), &text(after), budget)),
        before: before.filter(|_| !is_text).cloned(),
        after: after.filter(|_| !is_text).cloned(),
    }
}

/// What is not empty in a form, each value with its pointer.
fn leaves(form: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), form)];
    while let Some((pointer, value)) = left.pop() {
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Object(members) => {
                let name = |name: &str| name.replace('~', "~0").replace('/', "~1");
                let below = members.iter().map(|(key, value)| (format!("{pointer}/{}", name(key)), value));
                left.extend(below.collect::<Vec<_>>().into_iter().rev());
            }
            Value::String(text) if text.is_empty() => {}
            value => found.push((pointer, value)),
        }
    }
    found
}

/// Two bodies, block by block, and word by word in those that changed.
pub fn bodies(old: &Body, new: &Body, budget: &mut Budget) -> Vec<BlockDiff> {
    // The `_key` of a block is no part of what it says.
    let (was, is) = (old.clone().without_keys(), new.clone().without_keys());
    let mut numbers = HashMap::new();
    let mut number = |block: &Block| {
        let next = numbers.len();
        *numbers.entry(serde_json::to_string(block).unwrap_or_default()).or_insert(next)
    };
    let was: Vec<usize> = was.blocks().iter().map(&mut number).collect();
    let is: Vec<usize> = is.blocks().iter().map(&mut number).collect();
    let ops = capture_diff_slices(Algorithm::Myers, &was, &is);
    ops.iter().flat_map(|op| stretch(op, old.blocks(), new.blocks(), budget)).collect()
}

fn stretch(op: &DiffOp, old: &[Block], new: &[Block], budget: &mut Budget) -> Vec<BlockDiff> {
    let was = old.get(op.old_range()).unwrap_or_default();
    let is = new.get(op.new_range()).unwrap_or_default();
    let plain = |op: BlockOp, block: &Block| BlockDiff { op, block: block.clone(), before: None, segments: None };
    if op.tag() == DiffTag::Equal {
        return is.iter().map(|block| plain(BlockOp::Equal, block)).collect();
    }
    let texts_of = |blocks: &[Block]| blocks.iter().map(said).collect::<Vec<_>>();
    let (old_texts, new_texts) = (texts_of(was), texts_of(is));
    let is: Vec<Spoken<'_>> = is.iter().zip(&new_texts).map(Spoken::of).collect();
    let mut found = Vec::new();
    let mut rest = is.as_slice();
    for before in was.iter().zip(&old_texts).map(Spoken::of) {
        let Some(at) = rest.iter().take(AHEAD).position(|after| before.is_like(after)) else {
            found.push(plain(BlockOp::Delete, before.block));
            continue;
        };
        let (new_ones, others) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        found.extend(new_ones.iter().map(|new| plain(BlockOp::Insert, new.block)));
        let Some((after, others)) = others.split_first() else { continue };
        let segments = Some(texts(before.text, after.text, budget));
        let was = Some(before.block.clone());
        found.push(BlockDiff { before: was, segments, ..plain(BlockOp::Change, after.block) });
        rest = others;
    }
    found.extend(rest.iter().map(|new| plain(BlockOp::Insert, new.block)));
    found
}

/// A block with what a reader reads of it.
struct Spoken<'b> {
    block: &'b Block,
    text: &'b str,
    words: HashSet<&'b str>,
}

impl<'b> Spoken<'b> {
    fn of((block, text): (&'b Block, &'b String)) -> Self {
        Self { block, text, words: text.unicode_words().collect() }
    }

    /// Whether another block may be a new version of this one: the writer's tool says so, or they share half of their
    /// words.
    fn is_like(&self, new: &Self) -> bool {
        if std::mem::discriminant(self.block) != std::mem::discriminant(new.block) {
            return false;
        }
        let fewer = self.words.len().min(new.words.len());
        let is_same = self.block.key().is_some() && self.block.key() == new.block.key();
        is_same || (fewer > 0 && self.words.intersection(&new.words).count() * 2 >= fewer)
    }
}

/// What a reader reads of a block.
fn said(block: &Block) -> String {
    match block {
        Block::Text(text) => text.children.iter().map(|span| span.text.as_str()).collect(),
        Block::Image(image) => image.caption.clone().unwrap_or_default(),
        Block::Embed(embed) => embed.caption.clone().unwrap_or_default(),
    }
}

/// Counts the words that came and went.
pub fn stats(fields: &[FieldDiff], body: &[BlockDiff]) -> DiffStats {
    let mut stats = DiffStats::default();
    let segments = fields.iter().filter_map(|field| field.segments.as_ref());
    for segment in segments.chain(body.iter().filter_map(|block| block.segments.as_ref())).flatten() {
        match segment.op {
            SegmentOp::Equal => {}
            SegmentOp::Insert => stats.inserted += count::words(&segment.text),
            SegmentOp::Delete => stats.deleted += count::words(&segment.text),
        }
    }
    for block in body {
        match block.op {
            BlockOp::Equal | BlockOp::Change => {}
            BlockOp::Insert => stats.inserted += count::words(&said(&block.block)),
            BlockOp::Delete => stats.deleted += count::words(&said(&block.block)),
        }
    }
    stats
}
