//! The sites that a body may embed from, and the page that a player's address stands for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A site that a body may embed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Dailymotion.
    Dailymotion,
    /// Facebook.
    Facebook,
    /// Instagram.
    Instagram,
    /// `SoundCloud`.
    Soundcloud,
    /// Spotify.
    Spotify,
    /// Telegram.
    Telegram,
    /// `TikTok`.
    Tiktok,
    /// Vimeo.
    Vimeo,
    /// X, once Twitter.
    X,
    /// `YouTube`.
    Youtube,
}

/// Hosts of each provider; their subdomains are theirs too.
const HOSTS: [(&str, Provider); 17] = [
    ("dailymotion.com", Provider::Dailymotion),
    ("dai.ly", Provider::Dailymotion),
    ("facebook.com", Provider::Facebook),
    ("fb.watch", Provider::Facebook),
    ("instagram.com", Provider::Instagram),
    ("instagr.am", Provider::Instagram),
    ("soundcloud.com", Provider::Soundcloud),
    ("spotify.com", Provider::Spotify),
    ("t.me", Provider::Telegram),
    ("telegram.me", Provider::Telegram),
    ("tiktok.com", Provider::Tiktok),
    ("vimeo.com", Provider::Vimeo),
    ("twitter.com", Provider::X),
    ("x.com", Provider::X),
    ("youtube.com", Provider::Youtube),
    ("youtube-nocookie.com", Provider::Youtube),
    ("youtu.be", Provider::Youtube),
];

/// Where players are, and where their pages are; the id that follows is the same.
const PLAYERS: [(&str, &str); 7] = [
    ("dailymotion.com/embed/video/", "https://www.dailymotion.com/video/"),
    ("open.spotify.com/embed/episode/", "https://open.spotify.com/episode/"),
    ("open.spotify.com/embed/show/", "https://open.spotify.com/show/"),
    ("open.spotify.com/embed/track/", "https://open.spotify.com/track/"),
    ("player.vimeo.com/video/", "https://vimeo.com/"),
    ("youtube.com/embed/", "https://www.youtube.com/watch?v="),
    ("youtube-nocookie.com/embed/", "https://www.youtube.com/watch?v="),
];

impl Provider {
    /// The name, as it stands in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dailymotion => "dailymotion",
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
            Self::Soundcloud => "soundcloud",
            Self::Spotify => "spotify",
            Self::Telegram => "telegram",
            Self::Tiktok => "tiktok",
            Self::Vimeo => "vimeo",
            Self::X => "x",
            Self::Youtube => "youtube",
        }
    }
}

/// Whose an address is, and the address of the page when it is a player's. The address is sound already.
pub(super) fn recognise(url: &str) -> Option<(Provider, String)> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let theirs = |known: &str| host.strip_suffix(known).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
    let (_, provider) = HOSTS.into_iter().find(|(known, _)| theirs(known))?;
    Some((provider, page(rest).unwrap_or_else(|| url.to_owned())))
}

fn page(address: &str) -> Option<String> {
    let address = address.strip_prefix("www.").unwrap_or(address);
    let (id, page) = PLAYERS.into_iter().find_map(|(player, page)| Some((address.strip_prefix(player)?, page)))?;
    let id = id.split(['?', '#', '&']).next()?.trim_end_matches('/');
    let sound = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    (sound && id != "videoseries").then(|| format!("{page}{id}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn addresses_tell_their_provider() {
        for (url, provider, page) in [
            ("https://www.youtube.com/watch?v=abc", Provider::Youtube, None),
            ("https://youtu.be/abc", Provider::Youtube, None),
            ("https://m.youtube.com/embed/abc", Provider::Youtube, None),
            (
                "http://www.youtube.com/embed/a-b_c?start=9",
                Provider::Youtube,
                Some("https://www.youtube.com/watch?v=a-b_c"),
            ),
            (
                "https://www.youtube-nocookie.com/embed/abc/",
                Provider::Youtube,
                Some("https://www.youtube.com/watch?v=abc"),
            ),
            ("https://www.youtube.com/embed/videoseries?list=PL1", Provider::Youtube, None),
            ("https://player.vimeo.com/video/12?h=1", Provider::Vimeo, Some("https://vimeo.com/12")),
            (
                "https://www.dailymotion.com/embed/video/x1",
                Provider::Dailymotion,
                Some("https://www.dailymotion.com/video/x1"),
            ),
            (
                "https://open.spotify.com/embed/track/1?utm=2",
                Provider::Spotify,
                Some("https://open.spotify.com/track/1"),
            ),
            ("https://twitter.com/khabar/status/1", Provider::X, None),
            ("https://X.com/khabar/status/1", Provider::X, None),
            ("https://t.me/khabar/1", Provider::Telegram, None),
            ("https://www.tiktok.com/@a/video/1", Provider::Tiktok, None),
            ("https://www.facebook.com/watch?v=1", Provider::Facebook, None),
            ("https://www.instagram.com/p/1/", Provider::Instagram, None),
            ("https://w.soundcloud.com/player/?url=1", Provider::Soundcloud, None),
        ] {
            assert_eq!(recognise(url), Some((provider, page.unwrap_or(url).to_owned())), "{url}");
        }
    }

    #[test]
    fn strangers_have_no_provider() {
        for url in [
            "https://example.com/youtube.com",
            "https://notyoutube.com/watch?v=1",
            "https://youtube.com.example.com/",
            "https://example.com/?https://youtube.com/",
            "https://youtube.com:8443/",
            "mailto:a@youtube.com",
        ] {
            assert_eq!(recognise(url), None, "{url}");
        }
    }

    #[test]
    fn names_are_those_of_json() {
        for (_, provider) in HOSTS {
            assert_eq!(serde_json::to_value(provider).unwrap(), provider.name());
        }
    }

    #[test]
    fn the_page_of_a_page_is_itself() {
        for (player, _) in PLAYERS {
            let (_, page) = recognise(&format!("https://{player}x1")).unwrap();
            assert_eq!(recognise(&page).unwrap().1, page);
        }
    }
}
