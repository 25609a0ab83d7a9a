//! Entity tags: a version or a hash, and the coding of the bytes where there is one.

/// The codings that answers are compressed with.
const CODINGS: [&str; 4] = ["-br", "-gzip", "-deflate", "-zstd"];

/// The tag of a representation in a coding: `"7"` as gzip is `"7-gzip"`.
pub(super) fn coded(etag: &str, coding: &str) -> String {
    format!("{}-{coding}\"", etag.trim_end_matches('"'))
}

/// What stands in a strong tag, whatever the coding; nothing when it is none.
pub(super) fn value(tag: &str) -> Option<&str> {
    let value = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    Some(CODINGS.iter().find_map(|coding| value.strip_suffix(coding)).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_the_same_in_every_coding() {
        for coding in ["br", "gzip", "deflate", "zstd"] {
            assert_eq!(value(&coded("\"7\"", coding)), Some("7"));
        }
        assert_eq!(value(" \"7-x\" "), Some("7-x"));
        assert_eq!((value("7"), value("W/\"7\""), value("\"")), (None, None, None));
    }
}
