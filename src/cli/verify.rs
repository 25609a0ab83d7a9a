//! Looks whether what was written is still what stands in the database.

use super::{Failure, readable, tell};
use crate::app::App;
use crate::articles;

pub(super) async fn run(app: &App) -> Result<(), Failure> {
    let seen = articles::verify(app).await.map_err(readable)?;
    seen.found.iter().try_for_each(|found| tell(&found.to_string()))?;
    let (revisions, articles, publications) = (seen.revisions, seen.articles, seen.publications);
    tell(&format!("Checked {revisions} revisions, {articles} articles and {publications} publications."))?;
    match seen.flaws {
        0 => Ok(()),
        1 => Err("one thing is not as it was written".into()),
        flaws => Err(format!("{flaws} things are not as they were written").into()),
    }
}
