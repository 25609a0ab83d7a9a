//! Instants and the clock that gives them.
//!
//! Every instant is UTC in whole microseconds, the finest that both databases keep. Nothing else in the
//! crate asks the machine for the time: `now` is handed in, so that a test can move it.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fault::Fault;

/// An instant in UTC, in microseconds since 1970; RFC 3339 in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, ToSchema)]
#[diesel(sql_type = BigInt)]
#[schema(value_type = String, format = DateTime, example = "2020-10-09T08:30:00Z")]
pub struct UtcTime(i64);

impl UtcTime {
    /// The instant so many microseconds after 1970 began.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 began.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970 began, as tokens count them.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Reads an RFC 3339 instant from the year 1000 on; finer digits than microseconds are cut.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let at = Timestamp::from_str(text).map_err(|_| Fault::NotAnInstant)?;
        Some(Self(at.as_microsecond())).filter(|at| *at >= Self::YEAR_1000).ok_or(Fault::NotAnInstant)
    }

    /// Reads an instant, or a local time such as `2026-11-01T09:30` in a zone. A local time must come exactly once there:
    /// the hour that is left out in spring never comes, the one that is repeated in autumn needs an offset.
    ///
    /// # Errors
    /// `never_happens`, `happens_twice`, `not_an_instant`.
    pub fn parse_in(text: &str, zone: &TimeZone) -> Result<Self, Fault> {
        // A date alone is no time, and a zone in brackets would be a second one.
        let (_, time) = text.split_once(['T', 't', ' ']).filter(|_| !text.contains('[')).ok_or(Fault::NotAnInstant)?;
        if time.contains(['Z', 'z', '+', '-']) {
            return Self::parse(text);
        }
        let local = civil::DateTime::from_str(text).map_err(|_| Fault::NotAnInstant)?;
        let at = match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).map_err(|_| Fault::NotAnInstant)?,
            AmbiguousOffset::Gap { .. } => return Err(Fault::NeverHappens),
            AmbiguousOffset::Fold { before, after } => return Err(Fault::HappensTwice([before, after].map(written))),
        };
        Some(Self(at.as_microsecond())).filter(|at| *at >= Self::YEAR_1000).ok_or(Fault::NotAnInstant)
    }

    /// The local time in a zone, to the second, without an offset.
    pub fn local(self, zone: &TimeZone) -> String {
        self.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// Before it no calendar and no offset is what a newsroom means by it.
    const YEAR_1000: Self = Self(-30_610_224_000_000_000);

    /// This instant for calendar arithmetic.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or_default()
    }

    /// The instant a while later, or the last one that there is.
    #[must_use]
    pub fn after(self, while_: Duration) -> Self {
        let later = self.0.saturating_add(i64::try_from(while_.as_micros()).unwrap_or(i64::MAX));
        Self(later.min(Timestamp::MAX.as_second() * 1_000_000))
    }

    /// The instant a while earlier.
    #[must_use]
    pub fn before(self, while_: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(while_.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long before this instant another one lies; nothing when it lies after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }

    /// The form of HTTP's `Last-Modified` (RFC 9110), in whole seconds.
    pub fn http_date(self) -> String {
        self.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

/// An offset as RFC 3339 writes it.
fn written(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl fmt::Debug for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for UtcTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UtcTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|fault| serde::de::Error::custom(fault.code()))
    }
}

impl<DB: Backend> ToSql<BigInt, DB> for UtcTime
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for UtcTime
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(raw).map(Self)
    }
}

/// Where `now` comes from.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> UtcTime;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UtcTime {
        UtcTime(Timestamp::now().as_microsecond())
    }
}

/// A clock that shows what it was set to.
#[derive(Debug)]
pub struct SetClock(AtomicI64);

impl SetClock {
    /// Stands at an instant.
    pub const fn at(instant: UtcTime) -> Self {
        Self(AtomicI64::new(instant.0))
    }

    /// Moves to an instant.
    pub fn set(&self, instant: UtcTime) {
        self.0.store(instant.0, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> UtcTime {
        UtcTime(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn instants_are_written_as_rfc_3339_and_read_back() {
        for text in ["2020-10-09T08:30:00Z", "2020-10-09T08:30:00.000001Z", "1969-12-31T23:59:59.5Z"] {
            assert_eq!(UtcTime::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(UtcTime::parse("2020-10-09T04:30:00-04:00").unwrap().to_string(), "2020-10-09T08:30:00Z");
        assert_eq!(UtcTime::parse("2020-10-09").unwrap_err(), Fault::NotAnInstant);
    }

    #[test]
    fn a_local_time_must_come_exactly_once_in_its_zone() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let parse = |text: &str| UtcTime::parse_in(text, &zone);
        let cases = [
            ("2026-11-01T00:30", "2026-11-01T04:30:00Z"),
            ("2026-11-01T02:30:15", "2026-11-01T07:30:15Z"),
            ("2026-11-01T01:30-04:00", "2026-11-01T05:30:00Z"),
            ("2026-11-01T01:30-05:00", "2026-11-01T06:30:00Z"),
            ("2027-03-14T03:00", "2027-03-14T07:00:00Z"),
            ("2027-03-14T02:30:00Z", "2027-03-14T02:30:00Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap().to_string(), expected, "{text}");
        }
        assert_eq!(parse("2027-03-14T02:30"), Err(Fault::NeverHappens));
        let offsets = ["-04:00", "-05:00"].map(String::from);
        assert_eq!(parse("2026-11-01T01:30"), Err(Fault::HappensTwice(offsets)));
        for text in ["", "2026-11-01", "01:30", "غدًا", "2026-11-01T25:00", "2026-11-01T01:30[UTC]", "0999-01-01T00:00"]
        {
            assert_eq!(parse(text), Err(Fault::NotAnInstant), "{text}");
        }
        assert_eq!(parse("2026-11-01T01:30-05:00").unwrap().local(&zone), "2026-11-01T01:30:00");
    }

    #[test]
    fn http_dates_are_in_greenwich_time() {
        assert_eq!(UtcTime::parse("2020-10-09T08:30:00Z").unwrap().http_date(), "Fri, 09 Oct 2020 08:30:00 GMT");
    }
}
