//! Instants and the clock that gives them.
//!
//! Every instant is UTC in whole microseconds, the finest that both databases keep. Nothing else in the
//! crate asks the machine for the time: `now` is handed in, so that a test can move it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;
use jiff::Timestamp;
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
    fn http_dates_are_in_greenwich_time() {
        assert_eq!(UtcTime::parse("2020-10-09T08:30:00Z").unwrap().http_date(), "Fri, 09 Oct 2020 08:30:00 GMT");
    }
}
