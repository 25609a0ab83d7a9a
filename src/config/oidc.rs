//! The settings of a provider that signs staff in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Error, Outbound, Secret};
use crate::auth::Role;
use crate::outbound::{Rules, Url, check_url};

/// A provider that says who somebody is (OpenID Connect).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Its address, exactly as it names itself.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What it knows us by; empty for a public client.
    pub client_secret: Secret,
    /// What people call it.
    pub name: ProviderName,
    /// Where it may send people back to.
    pub redirect_urls: Vec<String>,
    /// What it is asked to tell.
    pub scopes: Vec<String>,
    /// The claim that gives roles: its name, or a JSON Pointer to where it stands.
    pub role_claim: String,
    /// The role that each of its values gives. When empty, nobody gets one from the provider.
    pub roles: BTreeMap<String, Role>,
}

/// What a provider is called, on the button that leads to it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderName {
    /// In Arabic.
    #[schema(example = "حساب المؤسسة")]
    pub ar: String,
    /// In English.
    #[schema(example = "Company account")]
    pub en: String,
}

impl Oidc {
    /// The same, if it makes sense; nothing when no provider is named.
    pub(super) fn checked(self, outbound: &Outbound) -> Result<Option<Self>, Error> {
        if self.issuer.is_empty() {
            return Ok(None);
        }
        let Self { issuer, client_id, client_secret: _, name, redirect_urls, scopes, role_claim, roles } = &self;
        let has_no_query = |url: Url| url.query().is_none();
        let is_reachable = check_url(issuer, &Rules::from(outbound)).is_ok_and(has_no_query);
        let is_scope = |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
        let is_staff = |role: &Role| *role != Role::Reader;
        let rules = [
            (
                is_reachable,
                "oidc.issuer",
                "must be https:// without a query, on a port of outbound.ports, or a number of outbound.inner",
            ),
            (!client_id.is_empty(), "oidc.client_id", "must be set, since oidc.issuer is"),
            (![&name.ar, &name.en].iter().any(|name| name.trim().is_empty()), "oidc.name", "must be set in ar and en"),
            (!redirect_urls.is_empty(), "oidc.redirect_urls", "must name a page that people are sent back to"),
            (
                redirect_urls.iter().all(|url| is_page(url)),
                "oidc.redirect_urls",
                "must be https://, http:// on this machine, or an app's own scheme with a dot, each without #",
            ),
            (scopes.iter().all(is_scope), "oidc.scopes", "must have no spaces and be in ASCII"),
            (scopes.iter().any(|scope| scope == "openid"), "oidc.scopes", "must have openid among them"),
            (!role_claim.is_empty(), "oidc.role_claim", "must be set"),
            (
                roles.values().all(is_staff),
                "oidc.roles",
                "must give roles of staff: nobody is made a reader by a provider",
            ),
        ];
        match rules.iter().find(|(holds, ..)| !holds) {
            Some((_, name, why)) => Err(Error::Value { name, why: (*why).into() }),
            None => Ok(Some(self)),
        }
    }
}

/// Whether people can be sent there: to a page, or to an app (RFC 8252 §7.1).
fn is_page(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_here = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    let fits = match url.scheme() {
        "https" => true,
        "http" => is_here,
        scheme => scheme.contains('.'),
    };
    fits && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::auth::Role;
    use crate::config::Config;

    const FINE: &str = "[oidc]\nissuer = \"https://login.example\"\nclient_id = \"khabar\"\n\
                        redirect_urls = [\"https://desk.example/signed-in\"]\n";

    #[test]
    fn without_an_issuer_there_is_no_provider() {
        assert!(Config::with("").unwrap().oidc.is_none());
        assert!(Config::with("[oidc]\nclient_id = \"khabar\"").unwrap().oidc.is_none());
    }

    #[test]
    fn a_provider_is_read_with_its_defaults_and_its_secret_is_not_shown() {
        let lines = format!("{FINE}client_secret = \"hidden-from-all\"\n[oidc.roles]\nchiefs = \"admin\"\n");
        let config = Config::with(&lines).unwrap();
        let oidc = config.oidc.clone().unwrap();
        assert_eq!((oidc.role_claim.as_str(), oidc.scopes.len()), ("groups", 3));
        assert_eq!(oidc.roles.get("chiefs"), Some(&Role::Admin));
        assert_eq!(oidc.client_secret.expose(), b"hidden-from-all");
        assert!(!format!("{config:?}").contains("hidden"));
    }

    #[test]
    fn what_has_no_meaning_is_refused_with_its_name() {
        for (lines, name) in [
            (FINE.replace("https://login", "http://login"), "oidc.issuer"),
            (FINE.replace("login.example", "login.example?tenant=1"), "oidc.issuer"),
            (FINE.replace("login.example", "127.0.0.1"), "oidc.issuer"),
            (FINE.replace("\"khabar\"", "\"\""), "oidc.client_id"),
            (FINE.replace("\"https://desk.example/signed-in\"", ""), "oidc.redirect_urls"),
            (FINE.replace("https://desk", "http://desk"), "oidc.redirect_urls"),
            (FINE.replace("https://desk.example/", "javascript:"), "oidc.redirect_urls"),
            (FINE.replace("signed-in", "#signed-in"), "oidc.redirect_urls"),
            (format!("{FINE}scopes = [\"email\"]"), "oidc.scopes"),
            (format!("{FINE}scopes = [\"openid email\"]"), "oidc.scopes"),
            (format!("{FINE}role_claim = \"\""), "oidc.role_claim"),
            (format!("{FINE}roles = {{ all = \"reader\" }}"), "oidc.roles"),
            (format!("{FINE}roles = {{ all = \"boss\" }}"), "oidc.roles"),
            (format!("{FINE}name = {{ en = \" \" }}"), "oidc.name"),
            (format!("{FINE}secret = \"x\""), "secret"),
        ] {
            let error = Config::with(&lines).unwrap_err().to_string();
            assert!(error.contains(name), "{lines}: {error}");
        }
    }

    #[test]
    fn people_are_sent_back_to_pages_and_apps() {
        for page in ["https://desk.example/", "http://localhost:3000/in", "http://[::1]:3000/", "org.khabar.desk:/in"] {
            assert!(super::is_page(page), "{page}");
        }
        for other in ["", "desk.example", "http://desk.example/", "http://localhost.example/", "data:text/html,x"] {
            assert!(!super::is_page(other), "{other}");
        }
    }
}
