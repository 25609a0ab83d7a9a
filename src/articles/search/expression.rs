//! A query in the words of each database. Both look for the same terms, so both find the same.

use super::asked::{Piece, Sought};
use crate::db::Conn;

/// What stands before a term of the headline, on PostgreSQL.
pub(super) const OF_HEADLINE: char = '^';
/// What stands before a word as it was written, on PostgreSQL.
pub(super) const AS_WRITTEN: char = '=';

/// A query in the words of each database. Nothing in it but letters and digits comes from outside, and each word is quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    /// For FTS5's MATCH.
    fts5: String,
    /// For a `tsquery`.
    tsquery: String,
}

impl Needle {
    /// What has everything that is wanted, of which there is something, and nothing that is not.
    pub fn new(wanted: &[Piece], unwanted: &[Piece]) -> Self {
        let list = |pieces: &[Piece], say: fn(&Piece) -> String, joint: &str| {
            pieces.iter().map(say).collect::<Vec<_>>().join(joint)
        };
        let (fts5, tsquery) = (list(wanted, fts5, " AND "), list(wanted, tsquery, " & "));
        if unwanted.is_empty() {
            return Self { fts5, tsquery };
        }
        Self {
            fts5: format!("({fts5}) NOT ({})", list(unwanted, self::fts5, " OR ")),
            tsquery: format!("({tsquery}) & !({})", list(unwanted, self::tsquery, " | ")),
        }
    }

    /// The same, of texts that have the wanted words in their headlines.
    #[must_use]
    pub fn in_headline(&self, wanted: &[Piece]) -> Self {
        let Self { fts5, tsquery } = self;
        let also = |say: fn(&Piece) -> String, joint: &str| wanted.iter().map(say).collect::<Vec<_>>().join(joint);
        Self {
            fts5: format!("{} AND ({fts5})", also(fts5_headline, " AND ")),
            tsquery: format!("{} & ({tsquery})", also(tsquery_headline, " & ")),
        }
    }

    /// As the database of a connection reads it.
    pub fn of(&self, conn: &Conn) -> &str {
        match conn {
            Conn::Sqlite(_) => &self.fts5,
            Conn::Postgres(_) => &self.tsquery,
        }
    }
}

fn any(sought: &Sought, quoted: impl Fn(&str) -> String, or: &str) -> String {
    let Sought { key: _, terms } = sought;
    format!("({})", terms.iter().map(|term| quoted(term)).collect::<Vec<_>>().join(or))
}

fn fts5(piece: &Piece) -> String {
    match piece {
        Piece::Word(sought) => {
            format!("({{headline rest}} : {})", any(sought, |term| format!("\"{term}\""), " OR "))
        }
        Piece::Prefix { sought: _, beginnings } => {
            let each: Vec<String> = beginnings.iter().map(|beginning| format!("\"{beginning}\" *")).collect();
            format!("(words : ({}))", each.join(" OR "))
        }
        Piece::Phrase(_) => format!("(words : \"{}\")", piece.keys().join(" ")),
    }
}

fn fts5_headline(piece: &Piece) -> String {
    let word = |sought: &Sought| format!("(headline : {})", any(sought, |term| format!("\"{term}\""), " OR "));
    match piece {
        Piece::Word(sought) => word(sought),
        // Of an ending that is being typed, the stem may be shorter than what was typed.
        Piece::Prefix { sought, beginnings: _ } => {
            format!("((headline : (\"{}\" *)) OR {})", sought.key, word(sought))
        }
        Piece::Phrase(words) => words.iter().map(word).collect::<Vec<_>>().join(" AND "),
    }
}

fn tsquery(piece: &Piece) -> String {
    match piece {
        Piece::Word(sought) => any(sought, |term| format!("'{term}'"), " | "),
        Piece::Prefix { sought: _, beginnings } => {
            let each: Vec<String> = beginnings.iter().map(|beginning| format!("'{AS_WRITTEN}{beginning}':*")).collect();
            format!("({})", each.join(" | "))
        }
        Piece::Phrase(_) => {
            let words: Vec<String> = piece.keys().into_iter().map(|key| format!("'{AS_WRITTEN}{key}'")).collect();
            format!("({})", words.join(" <-> "))
        }
    }
}

fn tsquery_headline(piece: &Piece) -> String {
    let word = |sought: &Sought| any(sought, |term| format!("'{OF_HEADLINE}{term}'"), " | ");
    match piece {
        Piece::Word(sought) => word(sought),
        Piece::Prefix { sought, beginnings: _ } => format!("('{OF_HEADLINE}{}':* | {})", sought.key, word(sought)),
        Piece::Phrase(words) => words.iter().map(word).collect::<Vec<_>>().join(" & "),
    }
}
