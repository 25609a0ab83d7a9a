//! «Did you mean»: the known name that a mistyped one is closest to.

/// The known word nearest to a mistyped one, when it is near enough to be what was meant.
///
/// Near is two slips (Damerau-Levenshtein) or a third of the word, and never more than half of it.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let limit = (length / 3).max(2).min(length / 2);
    let slips = |name: &str| strsim::damerau_levenshtein(&word, &name.to_lowercase());
    let near = known.into_iter().map(|name| (slips(name), name)).filter(|(slips, _)| *slips <= limit);
    near.min_by_key(|(slips, _)| *slips).map(|(_, name)| name)
}

/// How many slips are between two words that are in one case and spelling already: letters that were left out, put in,
/// mistaken or swapped.
pub fn slips(one: &str, other: &str) -> usize {
    strsim::osa_distance(one, other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::nearest;

    #[test]
    fn a_slip_finds_what_was_meant() {
        let known = ["headline", "slug", "sourceId", "publishedAt", "language", "url"];
        let cases = [
            ("headlin", Some("headline")),
            ("Heading", Some("headline")),
            ("slgu", Some("slug")),
            ("source_id", Some("sourceId")),
            ("published_at", Some("publishedAt")),
            ("langauge", Some("language")),
            ("URL", Some("url")),
            ("uri", Some("url")),
            ("at", None),
            ("foo", None),
            ("", None),
            ("completelyDifferent", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }

    #[test]
    fn of_two_as_near_the_first_is_taken() {
        assert_eq!(nearest("bat", ["cat", "hat"]), Some("cat"));
        assert_eq!(nearest("عاجلل", ["عادي", "عاجل"]), Some("عاجل"));
    }
}
