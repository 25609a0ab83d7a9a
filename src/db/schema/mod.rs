//! The tables, as both migration trees make them: a file for each part of the house.
#![allow(missing_docs, reason = "generated items of `table!`; the migrations say what each column is")]

mod access;
mod content;
mod discussion;
mod logs;
mod messages;

pub use access::*;
pub use content::*;
pub use discussion::*;
pub use logs::*;
pub use messages::*;

diesel::allow_tables_to_appear_in_same_query!(
    collections,
    collection_redirects,
    collection_swaps,
    users,
    sessions,
    unsealed_addresses,
    sign_in_places,
    second_factors,
    recovery_codes,
    refresh_tokens,
    site,
    records,
    record_redirects,
    record_names,
    articles,
    article_links,
    article_discussions,
    article_turns,
    corrections,
    revisions,
    publications,
    publication_links,
    publication_shingles,
    publication_prints,
    search_entries,
    search_backlog,
    commenters,
    comments,
    comment_decisions,
    comment_revisions,
    sanctions,
    word_entries,
    word_counter,
    comment_hooks,
    comment_reactions,
    comment_reaction_counts,
    comment_reports,
    erasures,
    alerts,
    alert_links,
    event_counter,
    events,
    event_readers,
    audit_log,
    replies,
    secrets,
    push_subscriptions,
    push_rounds,
    push_retries,
    webhooks,
    api_keys,
    letters,
    account_codes,
    address_codes,
    invitations,
    identities,
    oidc_attempts,
    webhook_deliveries,
    webhook_attempts,
    article_locks,
    preview_links
);
