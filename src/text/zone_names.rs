//! What the time of a zone is formally called (CLDR, metazones), for the zones that most desks write in.

use jiff::{Timestamp, tz::TimeZone};

/// The names of one metazone: its zones, then Arabic and English, each for standard and for summer time.
type Names = (&'static [&'static str], [&'static str; 2], [&'static str; 2]);

const METAZONES: [Names; 10] = [
    (
        &["America/New_York", "America/Toronto", "America/Detroit", "US/Eastern"],
        ["التوقيت الرسمي الشرقي لأمريكا الشمالية", "التوقيت الصيفي الشرقي لأمريكا الشمالية"],
        ["Eastern Standard Time", "Eastern Daylight Time"],
    ),
    (
        &["America/Chicago", "America/Winnipeg", "US/Central"],
        ["التوقيت الرسمي المركزي لأمريكا الشمالية", "التوقيت الصيفي المركزي لأمريكا الشمالية"],
        ["Central Standard Time", "Central Daylight Time"],
    ),
    (
        &["America/Denver", "America/Edmonton", "US/Mountain"],
        ["التوقيت الجبلي الرسمي لأمريكا الشمالية", "التوقيت الجبلي الصيفي لأمريكا الشمالية"],
        ["Mountain Standard Time", "Mountain Daylight Time"],
    ),
    (
        &["America/Los_Angeles", "America/Vancouver", "US/Pacific"],
        ["توقيت المحيط الهادي الرسمي", "توقيت المحيط الهادي الصيفي"],
        ["Pacific Standard Time", "Pacific Daylight Time"],
    ),
    (
        &[
            "Europe/Amsterdam",
            "Europe/Belgrade",
            "Europe/Berlin",
            "Europe/Brussels",
            "Europe/Madrid",
            "Europe/Oslo",
            "Europe/Paris",
            "Europe/Rome",
            "Europe/Stockholm",
            "Europe/Vienna",
            "Europe/Warsaw",
            "Europe/Zurich",
        ],
        ["توقيت وسط أوروبا الرسمي", "توقيت وسط أوروبا الصيفي"],
        ["Central European Standard Time", "Central European Summer Time"],
    ),
    (
        &["Asia/Beirut", "Africa/Cairo", "Europe/Athens", "Europe/Kiev", "Europe/Kyiv"],
        ["توقيت شرق أوروبا الرسمي", "توقيت شرق أوروبا الصيفي"],
        ["Eastern European Standard Time", "Eastern European Summer Time"],
    ),
    (
        &["Europe/Lisbon"],
        ["توقيت غرب أوروبا الرسمي", "توقيت غرب أوروبا الصيفي"],
        ["Western European Standard Time", "Western European Summer Time"],
    ),
    (&["Europe/London"], ["توقيت غرينتش", "توقيت بريطانيا الصيفي"], ["Greenwich Mean Time", "British Summer Time"]),
    (&["UTC", "Etc/UTC"], ["التوقيت العالمي المنسق"; 2], ["Coordinated Universal Time"; 2]),
    (&["Asia/Dubai", "Asia/Muscat"], ["توقيت الخليج"; 2], ["Gulf Standard Time"; 2]),
];

/// The name of a zone's time at an instant, summer time told apart; none for zones that are not in the table.
pub(super) fn formal(at: Timestamp, zone: &TimeZone, arabic: bool) -> Option<&'static str> {
    let id = zone.iana_name()?;
    let (_, in_arabic, in_english) = METAZONES.iter().find(|(zones, ..)| zones.contains(&id))?;
    let [standard, summer] = if arabic { in_arabic } else { in_english };
    Some(if zone.to_offset_info(at).dst().is_dst() { summer } else { standard })
}

/// The name that a zone has by its place (CLDR, `regionFormat`).
pub(super) fn of_place(place: &str, arabic: bool) -> String {
    if arabic { format!("توقيت {place}") } else { format!("{place} Time") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn summer_time_is_told_apart() {
        let cases = [
            ("2020-10-09T08:30:00Z", "America/New_York", "التوقيت الصيفي الشرقي لأمريكا الشمالية"),
            ("2020-11-01T06:30:00Z", "America/New_York", "التوقيت الرسمي الشرقي لأمريكا الشمالية"),
            ("2020-10-09T08:30:00Z", "Europe/London", "توقيت بريطانيا الصيفي"),
            ("2021-01-09T08:30:00Z", "Europe/London", "توقيت غرينتش"),
            ("2021-01-09T08:30:00Z", "Asia/Dubai", "توقيت الخليج"),
        ];
        for (at, id, name) in cases {
            assert_eq!(formal(at.parse().unwrap(), &TimeZone::get(id).unwrap(), true), Some(name), "{id}");
        }
        let damascus = TimeZone::get("Asia/Damascus").unwrap();
        assert_eq!(formal("2020-10-09T08:30:00Z".parse().unwrap(), &damascus, true), None);
        assert_eq!(of_place("سوريا", true), "توقيت سوريا");
    }

    #[test]
    fn every_zone_exists_and_is_named_once() {
        let all: Vec<_> = METAZONES.iter().flat_map(|(zones, ..)| *zones).collect();
        for id in &all {
            assert!(TimeZone::get(id).is_ok(), "{id}");
            assert_eq!(all.iter().filter(|other| *other == id).count(), 1, "{id}");
        }
    }
}
