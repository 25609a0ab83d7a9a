//! Text on its way into spans: where the normal form of a block's text is made.

use std::{
    collections::{BTreeSet, HashMap},
    mem,
    rc::Rc,
};

use super::{Decorator, LinkDef, LinkTag, Span, SpanTag};
use crate::text::safe;

/// A piece of text and its marks, not yet written out as a span.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub key: Option<String>,
    pub text: String,
    pub marks: Marks,
}

/// The decorators and the address of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub decorators: BTreeSet<Decorator>,
    pub href: Option<Rc<str>>,
}

/// The spans of a block in their normal form and the links they refer to; none when nothing is to be seen.
pub(super) fn spans(runs: Vec<Run>) -> Option<(Vec<Span>, Vec<LinkDef>)> {
    let runs = settled(runs);
    if runs.iter().all(|run| safe::is_blank(&run.text)) {
        return None;
    }
    let mut links = Links::default();
    let spans = runs.into_iter().map(|run| links.span(run)).collect();
    Some((spans, links.defs))
}

/// A text on one line: clean, trimmed, any white space one space; none when blank.
pub(super) fn one_line(text: &str) -> Option<String> {
    let clean = safe::clean(text);
    let words: Vec<_> = clean.split_ascii_whitespace().collect();
    let line = words.join(" ");
    (!safe::is_blank(&line)).then_some(line)
}

fn settled(runs: Vec<Run>) -> Vec<Run> {
    // Joining may bring a letter and its accent together, so that what was joined is cleaned again.
    let runs = cleaned(joined(cleaned(joined(runs))));
    joined(collapsed(runs))
}

fn cleaned(mut runs: Vec<Run>) -> Vec<Run> {
    for run in &mut runs {
        run.text = safe::clean(&run.text);
    }
    runs
}

/// Without empty runs, and neighbours of the same marks made one.
fn joined(runs: Vec<Run>) -> Vec<Run> {
    let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs.into_iter().filter(|run| !run.text.is_empty()) {
        match joined.last_mut() {
            Some(last) if last.marks == run.marks => last.text.push_str(&run.text),
            _ => joined.push(run),
        }
    }
    joined
}

/// White space as HTML shows it: runs of it are one space, and none stands at a line break or at either end.
fn collapsed(mut runs: Vec<Run>) -> Vec<Run> {
    let texts: Vec<String> = runs.iter_mut().map(|run| mem::take(&mut run.text)).collect();
    // White space since the last visible character, and the run it came from: one space, or line breaks.
    let mut gap: Vec<(usize, char)> = Vec::new();
    let mut begun = false;
    for (at, text) in texts.iter().enumerate() {
        for c in text.chars() {
            match c {
                '\n' => {
                    gap.pop_if(|(_, before)| *before == ' ');
                    gap.push((at, '\n'));
                }
                c if c.is_ascii_whitespace() => {
                    if gap.is_empty() {
                        gap.push((at, ' '));
                    }
                }
                c => {
                    for (at, space) in gap.drain(..).filter(|_| begun).chain([(at, c)]) {
                        runs.get_mut(at).into_iter().for_each(|run| run.text.push(space));
                    }
                    begun = true;
                }
            }
        }
    }
    runs
}

/// The links of one block, numbered as they are first used.
#[derive(Default)]
struct Links {
    defs: Vec<LinkDef>,
    keys: HashMap<Rc<str>, String>,
}

impl Links {
    fn span(&mut self, run: Run) -> Span {
        let Run { key, text, marks: Marks { decorators, href } } = run;
        let decorators = decorators.into_iter().map(|decorator| decorator.mark().to_owned());
        let marks = decorators.chain(href.map(|href| self.key(href))).collect();
        Span { tag: SpanTag::Span, key, text, marks }
    }

    fn key(&mut self, href: Rc<str>) -> String {
        let next = format!("link-{}", self.defs.len() + 1);
        let key = self.keys.entry(href).or_insert_with_key(|href| {
            self.defs.push(LinkDef { tag: LinkTag::Link, key: next.clone(), href: href.to_string() });
            next
        });
        key.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, decorators: &[Decorator]) -> Run {
        let marks = Marks { decorators: decorators.iter().copied().collect(), href: None };
        Run { key: None, text: text.to_owned(), marks }
    }

    /// The texts of the spans, those with marks in brackets.
    fn shown(runs: &[Run]) -> String {
        let show = |span: &Span| {
            if span.marks.is_empty() { span.text.clone() } else { format!("[{}]", span.text) }
        };
        spans(runs.to_vec()).map_or_else(String::new, |(spans, _)| spans.iter().map(show).collect())
    }

    #[test]
    fn white_space_collapses_across_runs() {
        let bold = [Decorator::Strong];
        for (runs, expected) in [
            (vec![run("  خبر \t عاجل  ", &[])], "خبر عاجل"),
            (vec![run("a ", &[]), run(" b ", &bold), run(" c", &[])], "a [b ]c"),
            (vec![run("a", &[]), run("  ", &bold), run(" b", &[])], "a[ ]b"),
            (vec![run("a ", &[]), run(" ", &bold), run(" b", &[])], "a b"),
            (vec![run("a \n ", &[]), run(" \n b", &bold)], "a\n[\nb]"),
            (vec![run(" ", &bold), run("\n\na\n\n", &[]), run("\n", &bold)], "a"),
            (vec![run("a\u{a0}\u{a0} b\u{a0}", &[])], "a\u{a0}\u{a0} b\u{a0}"),
            (vec![run("\u{a0} ", &[]), run("\u{200f}", &bold)], ""),
            (vec![run("a\r\nb\rc\u{2028}d", &[])], "a\nb\nc\nd"),
        ] {
            assert_eq!(shown(&runs), expected);
        }
    }

    #[test]
    fn what_is_joined_is_normalised_again() {
        let runs = [run("e", &[]), run("\u{200b}", &[Decorator::Em]), run("\u{301}", &[])];
        assert_eq!(shown(&runs), "é");
    }

    #[test]
    fn links_are_numbered_by_first_use_and_one_for_each_address() {
        let linked = |text: &str, href: &str| {
            let marks = Marks { href: Some(href.into()), ..Marks::default() };
            Run { key: None, text: text.to_owned(), marks }
        };
        let runs = vec![linked("a", "https://a/"), linked("b", "https://b/"), run("-", &[]), linked("c", "https://a/")];
        let (spans, defs) = spans(runs).unwrap_or_default();
        let marks: Vec<_> = spans.iter().flat_map(|span| &span.marks).collect();
        assert_eq!(marks, ["link-1", "link-2", "link-1"]);
        let hrefs: Vec<_> = defs.iter().map(|def| (def.key.as_str(), def.href.as_str())).collect();
        assert_eq!(hrefs, [("link-1", "https://a/"), ("link-2", "https://b/")]);
    }
}
