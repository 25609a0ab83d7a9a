-- Why: the first schema: accounts, records (sources, sections, tags, authors), articles with their revisions and
--      publications, comments, alerts, and the logs that every change is written to.
-- Lock: none, the tables are new.
-- Rollback: down.sql drops them, with what they hold.
--
-- Instants are microseconds since 1970 (UTC); ids are the 16 bytes of a UUIDv7; `content` is JSON.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- Sign-in by e-mail, and one account for each.
CREATE UNIQUE INDEX users_email_key ON users (email);
-- The newsroom's list, newest first: all, by role; and «is there another administrator?».
CREATE INDEX users_created_at_index ON users (created_at, id);
CREATE INDEX users_role_index ON users (role, created_at, id);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
-- Revoking all of somebody's sessions.
CREATE INDEX sessions_user_id_index ON sessions (user_id);

CREATE TABLE refresh_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions (id),
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX refresh_tokens_session_id_index ON refresh_tokens (session_id);

-- One row.
CREATE TABLE site (
    id BIGINT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE records (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    slug TEXT NOT NULL,
    slug_key TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    parent_id BLOB REFERENCES records (id),
    is_active BOOLEAN NOT NULL,
    content TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- Look-up by slug, and one record of a kind for each.
CREATE UNIQUE INDEX records_slug_key_key ON records (kind, slug_key);
-- Lists of a kind in order.
CREATE INDEX records_sort_key_index ON records (kind, sort_key, id);
CREATE INDEX records_parent_id_index ON records (parent_id);

CREATE TABLE articles (
    id BLOB NOT NULL PRIMARY KEY,
    language TEXT NOT NULL,
    slug TEXT NOT NULL,
    slug_key TEXT NOT NULL,
    state TEXT NOT NULL,
    spiked_from TEXT,
    version BIGINT NOT NULL,
    live_version BIGINT,
    section_id BLOB REFERENCES records (id),
    created_by BLOB NOT NULL REFERENCES users (id),
    updated_by BLOB NOT NULL REFERENCES users (id),
    date_published BIGINT,
    date_modified BIGINT,
    comment_count BIGINT NOT NULL,
    word_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    content TEXT NOT NULL,
    body TEXT NOT NULL
);
-- Slugs are unique in their language, compared by their folded form.
CREATE UNIQUE INDEX articles_slug_key_key ON articles (language, slug_key);
-- The desk's lists, latest change first: all, by state, by writer, by section.
CREATE INDEX articles_updated_at_index ON articles (updated_at, id);
CREATE INDEX articles_state_index ON articles (state, updated_at, id);
CREATE INDEX articles_created_by_index ON articles (created_by, updated_at, id);
CREATE INDEX articles_section_id_index ON articles (section_id, updated_at, id);

CREATE TABLE article_links (
    article_id BLOB NOT NULL REFERENCES articles (id),
    kind TEXT NOT NULL,
    target_id BLOB NOT NULL REFERENCES records (id),
    PRIMARY KEY (article_id, kind, target_id)
);
-- «Is this record in use?»
CREATE INDEX article_links_target_id_index ON article_links (target_id);

CREATE TABLE revisions (
    article_id BLOB NOT NULL REFERENCES articles (id),
    version BIGINT NOT NULL,
    parent_version BIGINT,
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    note TEXT,
    author_id BLOB NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    content TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (article_id, version)
);

CREATE TABLE publications (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id),
    version BIGINT NOT NULL,
    visible_from BIGINT NOT NULL,
    visible_until BIGINT,
    language TEXT NOT NULL,
    slug TEXT NOT NULL,
    slug_key TEXT NOT NULL,
    date_published BIGINT NOT NULL,
    date_modified BIGINT NOT NULL,
    word_count BIGINT NOT NULL,
    content TEXT NOT NULL,
    body TEXT NOT NULL
);
-- An article's latest publication; and by slug, the old ones too, for redirects.
CREATE INDEX publications_article_id_index ON publications (article_id, visible_from);
CREATE INDEX publications_slug_key_index ON publications (slug_key);
-- Delivery's lists: all, by language; by time of publication and of change.
CREATE INDEX publications_date_published_index ON publications (date_published, article_id);
CREATE INDEX publications_language_index ON publications (language, date_published, article_id);
CREATE INDEX publications_date_modified_index ON publications (date_modified, article_id);

CREATE TABLE publication_links (
    publication_id BLOB NOT NULL REFERENCES publications (id),
    kind TEXT NOT NULL,
    target_id BLOB NOT NULL REFERENCES records (id),
    PRIMARY KEY (publication_id, kind, target_id)
);
-- Articles by source, tag or author; and «is this record in use?».
CREATE INDEX publication_links_target_id_index ON publication_links (target_id, publication_id);

CREATE TABLE comments (
    id BLOB NOT NULL PRIMARY KEY,
    article_id BLOB NOT NULL REFERENCES articles (id),
    parent_id BLOB REFERENCES comments (id),
    depth BIGINT NOT NULL,
    author_id BLOB NOT NULL REFERENCES users (id),
    status TEXT NOT NULL,
    text TEXT NOT NULL,
    reply_count BIGINT NOT NULL,
    reason TEXT,
    note TEXT,
    moderated_by BLOB REFERENCES users (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- An article's comments for moderators; its roots and the replies to one for readers; the moderators' queues.
CREATE INDEX comments_article_id_index ON comments (article_id, created_at, id);
CREATE INDEX comments_parent_id_index ON comments (article_id, parent_id, status, created_at, id);
CREATE INDEX comments_status_index ON comments (status, created_at, id);
CREATE INDEX comments_created_at_index ON comments (created_at, id);

CREATE TABLE alerts (
    id BLOB NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    language TEXT NOT NULL,
    headline_key TEXT NOT NULL,
    topic_keys TEXT NOT NULL,
    rank BIGINT NOT NULL,
    starts_at BIGINT,
    expires BIGINT,
    last_change BIGINT NOT NULL,
    issued_at BIGINT,
    supersedes BLOB REFERENCES alerts (id),
    article_id BLOB REFERENCES articles (id),
    created_by BLOB NOT NULL REFERENCES users (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    content TEXT NOT NULL
);
-- The ticker: what has not expired, which is little enough to be put in order of `rank` (urgency, then time).
CREATE INDEX alerts_state_index ON alerts (state, expires);
-- «Was the same headline sent a moment ago?»
CREATE INDEX alerts_headline_key_index ON alerts (headline_key, issued_at);
-- The newsroom's list.
CREATE INDEX alerts_updated_at_index ON alerts (updated_at, id);
-- What may have changed since: `last_change` is the later of the expiry and the last change by hand.
CREATE INDEX alerts_last_change_index ON alerts (last_change);

CREATE TABLE alert_sources (
    alert_id BLOB NOT NULL REFERENCES alerts (id),
    source_id BLOB NOT NULL REFERENCES records (id),
    PRIMARY KEY (alert_id, source_id)
);
-- «Is this record in use?»
CREATE INDEX alert_sources_source_id_index ON alert_sources (source_id);

-- The one row whose lock makes commit order the order of events on every database.
CREATE TABLE event_counter (
    id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO event_counter (id, seq) VALUES (1, 0);

CREATE TABLE events (
    seq BIGINT NOT NULL PRIMARY KEY,
    topic TEXT NOT NULL,
    visibility TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id BLOB,
    payload TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE audit_log (
    id BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id BLOB,
    actor_role TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id BLOB,
    request_id TEXT NOT NULL,
    payload TEXT NOT NULL
);

-- First answers to requests with an Idempotency-Key.
CREATE TABLE replies (
    caller TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    reply TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, idempotency_key)
);
-- Forgetting those of yesterday.
CREATE INDEX replies_created_at_index ON replies (created_at);
