//! Words that a newsroom does not print: lists of them, and what finds them in a comment however they are disguised.
//!
//! Pure: no database, no clock. [`matcher`] says what a list may ask for and what it finds.

mod clitics;
mod disguise;
mod letters;
pub mod matcher;
mod runs;

#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod matcher_tests;
