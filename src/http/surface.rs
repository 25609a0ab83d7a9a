//! Which surface an answer comes from, and what browsers must not do with it there.

use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// What the page of the documentation needs: its own files, icons that stand in its style sheet, and the colours in its logo,
/// which are named by their hash.
const PAGE: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; \
         img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
];
/// Data for programs. Opened in a browser by itself, it may run and load nothing, whatever somebody has written in it, and tells
/// nobody its address, which may be a secret.
const DATA: [(HeaderName, &str); 2] =
    [(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"), (REFERRER_POLICY, "no-referrer")];

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    /// The page that explains the API to people.
    Page,
    /// The newsroom, the caller's own account, the state of the node: no cache may keep it.
    Own,
    /// What everyone may read, from the pages of every origin.
    Public,
}

impl Surface {
    /// The surface that a path belongs to.
    pub fn of(path: &str) -> Self {
        const OWN: [&str; 4] = ["/api/v1/newsroom", "/api/v1/auth", "/api/v1/me", "/health"];
        let under =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if OWN.into_iter().any(under) {
            Self::Own
        } else if under("/docs") {
            Self::Page
        } else {
            Self::Public
        }
    }

    /// Tells browsers what they must not do with an answer. Pages of other origins read the API by CORS, which asks nothing of
    /// the resource policy; it is about what they embed.
    pub fn guard(self, headers: &mut HeaderMap) {
        let mut tell = |name: &HeaderName, value| drop(headers.insert(name.clone(), HeaderValue::from_static(value)));
        tell(&X_CONTENT_TYPE_OPTIONS, "nosniff");
        let rules: &[(HeaderName, &str)] = if self == Self::Page { &PAGE } else { &DATA };
        for (name, value) in rules {
            tell(name, value);
        }
        match self {
            Self::Page => {}
            Self::Own => tell(&CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
            Self::Public => tell(&CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
        }
    }
}
