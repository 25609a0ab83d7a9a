//! The time of a news item as its readers say it, in the zone of the newsroom.
//!
//! What is asked for is an instant and a zone, so both edges of summer time come out right by themselves. Names of
//! months, zones and digits are tables here, so that a page reads the same after every update: they are those of the
//! Unicode CLDR (<https://cldr.unicode.org>), common/main/ar.xml and its countries, except where a comment says so.

use super::{Language, arabic, digits::Digits, zone_names};
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::Serialize;
use utoipa::ToSchema;

/// An instant as the dateline of an article, whole and in its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dateline {
    /// The whole line.
    #[schema(example = "الجمعة 09/10/2020 - 04:30 بتوقيت نيويورك")]
    pub text: String,
    /// The day of the week in the language of the line.
    #[schema(example = "الجمعة")]
    pub weekday: String,
    /// The local date in words, with the month names and the digits of the country.
    #[schema(example = "الجمعة، 9 أكتوبر 2020")]
    pub long_date: String,
    /// The local date.
    #[schema(example = "2020-10-09")]
    pub date: String,
    /// The local time of day.
    #[schema(example = "04:30")]
    pub time: String,
    /// The zone in the IANA time zone database, or its offset when it has no name there.
    #[schema(example = "America/New_York")]
    pub time_zone: String,
    /// What readers call the zone.
    #[schema(example = "نيويورك")]
    pub zone_label: String,
    /// What the time of the zone is formally called at this instant, summer time told apart; by its place where it has
    /// no such name.
    #[schema(example = "التوقيت الصيفي الشرقي لأمريكا الشمالية")]
    pub zone_name: String,
    /// How far local time is from UTC at this instant.
    #[schema(example = "-04:00")]
    pub utc_offset: String,
}

/// The dateline of an instant in a zone: in Arabic for Arabic, else in English.
///
/// Without a label of its own the zone is called by its city, or in Arabic by the country for most of the Arab world.
pub fn dateline(at: Timestamp, zone: &TimeZone, zone_label: Option<&str>, language: &Language) -> Dateline {
    let local = at.to_zoned(zone.clone());
    let arabic = language.base() == "ar";
    // To the minute, as ISO 8601 writes offsets; those from before standard time have seconds too.
    let minutes = local.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let utc_offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    let time_zone = zone.iana_name().unwrap_or(&utc_offset).to_owned();
    let zone_name = zone_names::formal(at, zone, arabic)
        .map_or_else(|| zone_names::of_place(&place(&time_zone, arabic), arabic), str::to_owned);
    let zone_label = zone_label.map_or_else(|| place(&time_zone, arabic), str::to_owned);
    let weekday = if arabic { weekday_arabic(&local).to_owned() } else { local.strftime("%A").to_string() };
    let (date, time) = (local.date(), format!("{:02}:{:02}", local.hour(), local.minute()));
    let moment = format!("{:02}/{:02}/{:04} - {time}", date.day(), date.month(), date.year());
    let moment = Digits::of(language).write(&moment);
    let text = if arabic {
        format!("{weekday} {moment} بتوقيت {zone_label}")
    } else {
        format!("{weekday} {moment} {zone_label} time")
    };
    let (long_date, date) = (in_words(&local, language), date.to_string());
    Dateline { text, weekday, long_date, date, time, time_zone, zone_label, zone_name, utc_offset }
}

/// The dates that a text has in figures, the day first, in any digits: `09/10/2020`, `٩/١٠/٢٠٢٠`.
pub fn dates_in(text: &str) -> impl Iterator<Item = Date> {
    let folded = arabic::fold(text);
    let pieces: Vec<String> = folded.split(|c: char| !c.is_ascii_digit() && c != '/').map(ToOwned::to_owned).collect();
    pieces.into_iter().filter_map(|piece| {
        let parts: Vec<i16> = piece.split('/').map(str::parse).collect::<Result<_, _>>().ok()?;
        let &[day, month, year @ 1000..=9999] = parts.as_slice() else { return None };
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    })
}

/// The date of an instant in words, with the month names and the digits of the country: `الجمعة، ٩ تشرين الأول ٢٠٢٠`
/// for `ar-SY`, and `الجمعة، 9 تشرين الأول 2020` for `ar-SY-u-nu-latn`.
pub fn long_date(at: Timestamp, zone: &TimeZone, language: &Language) -> String {
    in_words(&at.to_zoned(zone.clone()), language)
}

fn in_words(local: &Zoned, language: &Language) -> String {
    let digits = Digits::of(language);
    if language.base() != "ar" {
        return digits.write(&local.strftime("%A, %-d %B %Y").to_string());
    }
    let months = match language.region() {
        Some("SY" | "LB" | "JO" | "IQ" | "PS") => MONTHS_LEVANT,
        Some("TN" | "DZ") => MONTHS_TUNISIA,
        Some("MA") => MONTHS_MOROCCO,
        Some("MR") => MONTHS_MAURITANIA,
        _ => MONTHS_ARABIC,
    };
    let month = (1..).zip(months).find(|(number, _)| *number == local.month()).map_or("", |(_, name)| name);
    digits.write(&format!("{}، {} {month} {}", weekday_arabic(local), local.day(), local.year()))
}

fn weekday_arabic(local: &Zoned) -> &'static str {
    match local.weekday() {
        Weekday::Monday => "الاثنين",
        Weekday::Tuesday => "الثلاثاء",
        Weekday::Wednesday => "الأربعاء",
        Weekday::Thursday => "الخميس",
        Weekday::Friday => "الجمعة",
        Weekday::Saturday => "السبت",
        Weekday::Sunday => "الأحد",
    }
}

/// What readers call a zone.
fn place(zone: &str, arabic: bool) -> String {
    let known = PLACES_ARABIC.iter().find(|(id, _)| arabic && *id == zone);
    match (known, zone) {
        (Some((_, name)), _) => (*name).to_owned(),
        (None, "UTC" | "GMT" | "Etc/UTC" | "Etc/GMT") => "Greenwich".to_owned(),
        _ if zone.starts_with(['+', '-']) => format!("UTC{zone}"),
        _ => zone.rsplit('/').next().unwrap_or(zone).replace('_', " "),
    }
}

const MONTHS_ARABIC: [&str; 12] =
    ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"];

const MONTHS_LEVANT: [&str; 12] = [
    "كانون الثاني",
    "شباط",
    "آذار",
    "نيسان",
    "أيار",
    "حزيران",
    "تموز",
    "آب",
    "أيلول",
    "تشرين الأول",
    "تشرين الثاني",
    "كانون الأول",
];

const MONTHS_TUNISIA: [&str; 12] =
    ["جانفي", "فيفري", "مارس", "أفريل", "ماي", "جوان", "جويلية", "أوت", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"];

const MONTHS_MOROCCO: [&str; 12] =
    ["يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"];

const MONTHS_MAURITANIA: [&str; 12] =
    ["يناير", "فبراير", "مارس", "إبريل", "مايو", "يونيو", "يوليو", "أغشت", "شتمبر", "أكتوبر", "نوفمبر", "دجمبر"];

/// Arabic names of zones: the country in the Arab world, elsewhere the city (CLDR, territories and exemplar cities).
const PLACES_ARABIC: [(&str, &str); 86] = [
    ("UTC", "غرينتش"),
    ("GMT", "غرينتش"),
    ("Etc/UTC", "غرينتش"),
    ("Etc/GMT", "غرينتش"),
    ("Africa/Algiers", "الجزائر"),
    ("Africa/Cairo", "مصر"),
    ("Africa/Casablanca", "المغرب"),
    ("Africa/Djibouti", "جيبوتي"),
    ("Africa/El_Aaiun", "العيون"),
    ("Africa/Khartoum", "السودان"),
    ("Africa/Mogadishu", "الصومال"),
    ("Africa/Nouakchott", "موريتانيا"),
    ("Africa/Tripoli", "ليبيا"),
    ("Africa/Tunis", "تونس"),
    ("Asia/Aden", "اليمن"),
    ("Asia/Amman", "الأردن"),
    ("Asia/Baghdad", "العراق"),
    ("Asia/Bahrain", "البحرين"),
    ("Asia/Beirut", "لبنان"),
    ("Asia/Damascus", "سوريا"),
    ("Asia/Dubai", "الإمارات العربية المتحدة"),
    ("Asia/Gaza", "غزة"),
    ("Asia/Hebron", "الخليل"),
    ("Asia/Jerusalem", "القدس"),
    ("Asia/Kuwait", "الكويت"),
    ("Asia/Muscat", "عُمان"),
    ("Asia/Qatar", "قطر"),
    ("Asia/Riyadh", "المملكة العربية السعودية"),
    ("Indian/Comoro", "جزر القمر"),
    ("Africa/Addis_Ababa", "أديس أبابا"),
    ("Africa/Dakar", "داكار"),
    ("Africa/Johannesburg", "جوهانسبرغ"),
    ("Africa/Juba", "جوبا"),
    ("Africa/Lagos", "لاغوس"),
    ("Africa/Nairobi", "نيروبي"),
    ("Africa/Ndjamena", "نجامينا"),
    ("America/Argentina/Buenos_Aires", "بوينس آيرس"),
    ("America/Bogota", "بوغوتا"),
    ("America/Caracas", "كاراكاس"),
    ("America/Chicago", "شيكاغو"),
    ("America/Denver", "دنفر"),
    ("America/Los_Angeles", "لوس انجلوس"),
    ("America/Mexico_City", "مكسيكو سيتي"),
    ("America/New_York", "نيويورك"),
    ("America/Sao_Paulo", "ساو باولو"),
    ("America/Toronto", "تورونتو"),
    ("Asia/Baku", "باكو"),
    ("Asia/Bangkok", "بانكوك"),
    ("Asia/Calcutta", "كالكتا"),
    ("Asia/Dhaka", "دكا"),
    ("Asia/Hong_Kong", "هونغ كونغ"),
    ("Asia/Jakarta", "جاكرتا"),
    ("Asia/Kabul", "كابول"),
    ("Asia/Karachi", "كراتشي"),
    ("Asia/Kolkata", "كالكتا"),
    ("Asia/Kuala_Lumpur", "كوالالمبور"),
    ("Asia/Manila", "مانيلا"),
    ("Asia/Seoul", "سول"),
    ("Asia/Shanghai", "شنغهاي"),
    ("Asia/Singapore", "سنغافورة"),
    ("Asia/Tbilisi", "تبليسي"),
    ("Asia/Tehran", "طهران"),
    ("Asia/Tokyo", "طوكيو"),
    ("Asia/Yerevan", "يريفان"),
    ("Australia/Sydney", "سيدني"),
    ("Europe/Amsterdam", "أمستردام"),
    ("Europe/Athens", "أثينا"),
    ("Europe/Belgrade", "بلغراد"),
    ("Europe/Berlin", "برلين"),
    ("Europe/Brussels", "بروكسل"),
    ("Europe/Dublin", "دبلن"),
    ("Europe/Istanbul", "إسطنبول"),
    ("Europe/Kiev", "كييف"),
    ("Europe/Kyiv", "كييف"),
    ("Europe/Lisbon", "لشبونة"),
    ("Europe/London", "لندن"),
    ("Europe/Madrid", "مدريد"),
    ("Europe/Moscow", "موسكو"),
    ("Europe/Oslo", "أوسلو"),
    ("Europe/Paris", "باريس"),
    ("Europe/Rome", "روما"),
    ("Europe/Stockholm", "ستوكهولم"),
    ("Europe/Vienna", "فيينا"),
    ("Europe/Warsaw", "وارسو"),
    ("Europe/Zurich", "زيورخ"),
    ("Pacific/Auckland", "أوكلاند"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::*;

    const SEED: &str = "2020-10-09T08:30:00Z";

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    fn zone(id: &str) -> TimeZone {
        TimeZone::get(id).unwrap()
    }

    fn language(tag: &str) -> Language {
        Language::parse(tag).unwrap()
    }

    fn arabic_text(instant: &str, id: &str) -> String {
        dateline(at(instant), &zone(id), None, &language("ar")).text
    }

    #[test]
    fn dates_in_figures_are_found_in_any_digits() {
        let found = |text: &str| dates_in(text).map(|date| date.to_string()).collect::<Vec<_>>();
        assert_eq!(found("الجمعة 09/10/2020 - 04:30 بتوقيت نيويورك"), ["2020-10-09"]);
        assert_eq!(found("من ٩/١٠/٢٠٢٠ إلى 1/1/2021."), ["2020-10-09", "2021-01-01"]);
        assert_eq!(found("31/02/2020 1/2 24/7 9/10/20 99/99/9999 1/2/3/2020 5/5/99999 /"), Vec::<String>::new());
    }

    #[test]
    fn the_seed_page_has_its_dateline() {
        let line = dateline(at(SEED), &zone("America/New_York"), None, &language("ar"));
        let expected = Dateline {
            text: "الجمعة 09/10/2020 - 04:30 بتوقيت نيويورك".into(),
            weekday: "الجمعة".into(),
            long_date: "الجمعة، 9 أكتوبر 2020".into(),
            date: "2020-10-09".into(),
            time: "04:30".into(),
            time_zone: "America/New_York".into(),
            zone_label: "نيويورك".into(),
            zone_name: "التوقيت الصيفي الشرقي لأمريكا الشمالية".into(),
            utc_offset: "-04:00".into(),
        };
        assert_eq!(line, expected);
        assert!(serde_json::to_string(&line).unwrap().contains("\"utcOffset\":\"-04:00\""));
    }

    #[test]
    fn other_languages_have_the_english_form() {
        for tag in ["en", "fr", "ckb"] {
            let line = dateline(at(SEED), &zone("America/New_York"), None, &language(tag));
            assert_eq!(line.text, "Friday 09/10/2020 - 04:30 New York time");
            assert_eq!(line.weekday, "Friday");
        }
    }

    #[test]
    fn a_zone_is_called_as_readers_call_it() {
        let cases = [
            ("Asia/Damascus", "سوريا", "Damascus"),
            ("Africa/Cairo", "مصر", "Cairo"),
            ("Asia/Riyadh", "المملكة العربية السعودية", "Riyadh"),
            ("America/New_York", "نيويورك", "New York"),
            ("UTC", "غرينتش", "Greenwich"),
            ("Etc/UTC", "غرينتش", "Greenwich"),
            ("America/Argentina/Ushuaia", "Ushuaia", "Ushuaia"),
        ];
        for (id, arabic, english) in cases {
            assert_eq!(dateline(at(SEED), &zone(id), None, &language("ar")).zone_label, arabic);
            assert_eq!(dateline(at(SEED), &zone(id), None, &language("en")).zone_label, english);
        }
        let own = dateline(at(SEED), &zone("Asia/Damascus"), Some("دمشق"), &language("ar-SY"));
        assert_eq!(own.text, "الجمعة ٠٩/١٠/٢٠٢٠ - ١١:٣٠ بتوقيت دمشق");
        let fixed = dateline(at(SEED), &TimeZone::fixed(jiff::tz::offset(3)), None, &language("en"));
        assert_eq!((fixed.time_zone.as_str(), fixed.zone_label.as_str()), ("+03:00", "UTC+03:00"));
    }

    #[test]
    fn every_place_is_a_zone_and_named_once() {
        for (id, _) in PLACES_ARABIC {
            assert!(TimeZone::get(id).is_ok(), "{id}");
            assert_eq!(PLACES_ARABIC.iter().filter(|(other, _)| *other == id).count(), 1, "{id}");
        }
    }

    #[test]
    fn both_edges_of_summer_time_come_out_right() {
        let cases = [
            ("2020-03-08T06:59:00Z", "الأحد 08/03/2020 - 01:59 بتوقيت نيويورك"),
            ("2020-03-08T07:00:00Z", "الأحد 08/03/2020 - 03:00 بتوقيت نيويورك"),
            ("2020-11-01T05:30:00Z", "الأحد 01/11/2020 - 01:30 بتوقيت نيويورك"),
            ("2020-11-01T06:30:00Z", "الأحد 01/11/2020 - 01:30 بتوقيت نيويورك"),
        ];
        for (instant, text) in cases {
            assert_eq!(arabic_text(instant, "America/New_York"), text);
        }
        let offset = |instant| dateline(at(instant), &zone("America/New_York"), None, &language("ar")).utc_offset;
        assert_eq!(offset("2020-11-01T05:30:00Z"), "-04:00");
        assert_eq!(offset("2020-11-01T06:30:00Z"), "-05:00");
    }

    #[test]
    fn every_day_of_the_week_has_its_name() {
        let days = ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"];
        for (day, name) in (5..).zip(days) {
            assert!(arabic_text(&format!("2020-10-{day:02}T12:00:00Z"), "UTC").starts_with(name));
        }
    }

    #[test]
    fn a_month_is_called_as_in_the_country() {
        let cases = [
            ("ar", "2020-10-09", "الجمعة، 9 أكتوبر 2020"),
            ("ar-SY-u-nu-latn", "2020-10-09", "الجمعة، 9 تشرين الأول 2020"),
            ("ar-SY", "2020-10-09", "الجمعة، ٩ تشرين الأول ٢٠٢٠"),
            ("ar-Arab-IQ", "2020-10-09", "الجمعة، ٩ تشرين الأول ٢٠٢٠"),
            ("ar-EG", "2020-10-09", "الجمعة، ٩ أكتوبر ٢٠٢٠"),
            ("ar-AE", "2020-10-09", "الجمعة، 9 أكتوبر 2020"),
            ("ar-u-nu-arab", "2020-10-09", "الجمعة، ٩ أكتوبر ٢٠٢٠"),
            ("en", "2020-10-09", "Friday, 9 October 2020"),
            ("ar", "2021-01-01", "الجمعة، 1 يناير 2021"),
            ("ar-SY-u-nu-latn", "2021-01-01", "الجمعة، 1 كانون الثاني 2021"),
            ("ar-TN", "2021-01-01", "الجمعة، 1 جانفي 2021"),
            ("ar-DZ", "2021-01-01", "الجمعة، 1 جانفي 2021"),
            ("ar-MA", "2021-01-01", "الجمعة، 1 يناير 2021"),
            ("ar", "2021-08-15", "الأحد، 15 أغسطس 2021"),
            ("ar-LB", "2021-08-15", "الأحد، ١٥ آب ٢٠٢١"),
            ("ar-TN", "2021-08-15", "الأحد، 15 أوت 2021"),
            ("ar-MA", "2021-08-15", "الأحد، 15 غشت 2021"),
            ("ar-MR-u-nu-latn", "2021-08-15", "الأحد، 15 أغشت 2021"),
        ];
        for (tag, date, expected) in cases {
            assert_eq!(long_date(at(&format!("{date}T12:00:00Z")), &zone("UTC"), &language(tag)), expected);
        }
    }
}
