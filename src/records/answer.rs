//! How requests for records are answered, for any noun. A room's own `http` says only what the document needs to
//! know: paths, names, descriptions.

use utoipa::IntoParams;

use super::{MergeIn, Mergeable, Noun, Record, Sought};
use crate::auth::Permit;
use crate::auth::actions::{ManageRecords, ReadRecords};
use crate::cache::{Facet, Rest};
use crate::http::{Call, Input, Page, Patch, Reply, Segment, Unfiltered, View};
use crate::problem::Problem;

/// What a record shows.
const FACETS: [Facet; 2] = [Facet::Records, Facet::Site];

/// The path of one record in the newsroom.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Segment` reads")]
pub struct RecordPath {
    /// Its id
    #[param(example = "0192f3a4-5b6c-7d8e-9f01-23456789abcd")]
    id: String,
}

/// Answers a page of the records in use.
pub async fn public_list<N: Noun>(call: &Call, page: &Page<Unfiltered>) -> Result<Reply, Problem> {
    let request = page.request.clone();
    let slice = call.read(move |read| super::public_list::<N>(read, &request)).await?;
    Ok(page.reply(&slice.map(N::View::from))?.shared(Rest::on(&FACETS)))
}

/// Answers one record by its id or slug, in the form that was asked for; or where it is now.
pub async fn public<N: Noun>(call: &Call, id_or_slug: Segment, view: &View) -> Result<Reply, Problem> {
    match call.read(move |read| super::public::<N>(read, &id_or_slug.0)).await? {
        Sought::Here(record) => {
            let modified = record.updated_at;
            Ok(view.reply(&N::View::from(*record))?.modified(modified).shared(Rest::on(&FACETS)))
        }
        Sought::Moved(slug) => Ok(call.moved(&format!("/api/v1/{}s", N::KIND), &slug)),
    }
}

/// Answers a page of all records, or of those that are called something that begins so.
pub async fn list<N: Noun, F>(
    call: &Call,
    permit: Permit<ReadRecords>,
    page: &Page<F>,
    beginning: Option<String>,
) -> Result<Reply, Problem> {
    let request = page.request.clone();
    let slice = call.read(move |read| super::list::<N>(read, &permit, beginning.as_deref(), &request)).await?;
    page.reply(&slice.map(N::NewsroomView::from))
}

/// Makes a record and says where it is.
pub async fn create<N: Noun>(call: &Call, permit: Permit<ManageRecords>, input: Input<N>) -> Result<Reply, Problem> {
    call.act(input, move |tx, form| {
        let record = super::create(tx, &permit, form)?;
        // The plurals of all four nouns are regular.
        let location = format!("/api/v1/newsroom/{}s/{}", N::KIND, record.id);
        Ok(one(record)?.created(location))
    })
    .await
}

/// Answers one record with its version.
pub async fn read<N: Noun>(call: &Call, permit: Permit<ReadRecords>, id: &Segment) -> Result<Reply, Problem> {
    let id = id.id()?;
    one(call.read(move |read| super::read::<N>(read, &permit, id)).await?)
}

/// Changes a record.
pub async fn update<N: Noun>(
    call: &Call,
    permit: Permit<ManageRecords>,
    id: &Segment,
    patch: Patch<N>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    one(call.write(move |tx| super::update(tx, &permit, id, &expected, &patch)).await?)
}

/// Puts another record in the place of one.
pub async fn merge<N: Mergeable>(
    call: &Call,
    permit: Permit<ManageRecords>,
    id: &Segment,
    input: Input<MergeIn>,
) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.act(input, move |tx, MergeIn { into }| one(super::merge::<N>(tx, &permit, id, &expected, into)?)).await
}

/// Removes a record.
pub async fn delete<N: Noun>(call: &Call, permit: Permit<ManageRecords>, id: &Segment) -> Result<Reply, Problem> {
    let (id, expected) = (id.id()?, call.expected()?);
    call.write(move |tx| super::delete::<N>(tx, &permit, id, &expected)).await?;
    Ok(Reply::nothing())
}

fn one<N: Noun>(record: Record<N>) -> Result<Reply, Problem> {
    let (version, modified) = (record.version, record.updated_at);
    Ok(Reply::json(&N::NewsroomView::from(record))?.version(version).modified(modified))
}
