//! The particles that Arabic writes together with the next word.
//!
//! Only what stands before a noun or a name: conjunction, preposition, article and the call `يا`, and the dialects' هالـ and
//! عالـ. The أ of questions and the س of the future stay out: they make verbs of nouns, and سلب of لب.

/// Each legal chain, as runs: `لل` stands as ل.
const CHAINS: [&str; 39] = [
    "و",
    "ف",
    "ب",
    "ك",
    "ل",
    "وب",
    "وك",
    "ول",
    "فب",
    "فك",
    "فل", // conjunction, preposition
    "ال",
    "وال",
    "فال", // the article, alone
    "بال",
    "كال",
    "وبال",
    "وكال",
    "فبال",
    "فكال", // with a preposition; of ل it leaves لل
    "يا",
    "ويا",
    "فيا",
    "يال",
    "ويال",
    "فيال", // the call
    "هال",
    "وهال",
    "فهال",
    "بهال",
    "لهال",
    "كهال",
    "وبهال",
    "ولهال", // «this» of the Levant
    "عال",
    "وعال",
    "فعال",
    "مال",
    "ومال", // «on the», «of the»
];

/// How many runs the longest chain has.
pub(super) const LONGEST: usize = 5;
/// An entry shorter than this takes the article alone: و and ب before two letters make other words (بحر of حر).
pub(super) const SHORT: u32 = 3;

/// Whether a word may begin with this before one of so many letters. `twice` tells لل from ل.
pub(super) fn may_precede(chain: &str, twice: bool, letters: u32) -> bool {
    let has_article = chain.ends_with("ال") || (twice && chain.ends_with('ل'));
    CHAINS.contains(&chain) && (letters >= SHORT || has_article)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_chain_is_longer_than_is_looked_for() {
        assert_eq!(CHAINS.iter().map(|chain| chain.chars().count()).max(), Some(LONGEST));
    }

    #[test]
    fn chains_are_runs() {
        for chain in CHAINS {
            let letters: Vec<char> = chain.chars().collect();
            assert!(letters.windows(2).all(|pair| pair.first() != pair.last()), "{chain}");
        }
    }
}
