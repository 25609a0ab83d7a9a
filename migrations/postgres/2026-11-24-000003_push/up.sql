-- Why: browsers that are closed are told of breaking alerts by Web Push.
-- Lock: none; the tables are new.
-- Rollback: down.sql takes the tables away again, and with them every subscription and the key that they are bound to, so
--           browsers have to subscribe anew.

-- Keys that Khabar makes for itself, sealed by the signing secret.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- One browser: where it is reached, how messages to it are encrypted, and what its reader has chosen. Topics, regions
-- and sections are fenced, as |a|b|, and empty ones, as |, choose everything.
CREATE TABLE push_subscriptions (
    id BYTEA NOT NULL PRIMARY KEY,
    endpoint TEXT NOT NULL,
    -- The hash of the endpoint and both keys: only who knows all three can name the row.
    fingerprint BYTEA NOT NULL,
    p256dh BYTEA NOT NULL,
    auth BYTEA NOT NULL,
    -- Nothing is every language.
    language TEXT,
    max_urgency BIGINT NOT NULL,
    topic_keys TEXT COLLATE "C" NOT NULL,
    region_keys TEXT COLLATE "C" NOT NULL,
    section_ids TEXT NOT NULL,
    -- Since when its push service has taken nothing; nothing while it does.
    failing_since BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- «Is this browser known?»; rounds walk along the primary key.
CREATE UNIQUE INDEX push_subscriptions_fingerprint_key ON push_subscriptions (fingerprint);

-- One notice on its way to all who have chosen it.
CREATE TABLE push_rounds (
    -- The number of the event that asked for it.
    seq BIGINT NOT NULL PRIMARY KEY,
    alert_id BYTEA NOT NULL,
    state TEXT NOT NULL,
    urgency BIGINT NOT NULL,
    notice TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    -- When it is of no more use.
    until BIGINT NOT NULL,
    -- The last subscription of the last page that was sent.
    after_id BYTEA,
    -- Who has the next page, and when others may take it.
    lease BYTEA,
    leased_until BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    gone BIGINT NOT NULL
);
-- «Which rounds are under way?»
CREATE INDEX push_rounds_state_index ON push_rounds (state, seq);
-- A newer notice of an alert ends the older ones.
CREATE INDEX push_rounds_alert_id_index ON push_rounds (alert_id, seq);
-- Forgetting rounds by their age.
CREATE INDEX push_rounds_until_index ON push_rounds (until);

-- Messages that a push service did not take and may take later.
CREATE TABLE push_retries (
    subscription_id BYTEA NOT NULL,
    seq BIGINT NOT NULL REFERENCES push_rounds (seq) ON DELETE CASCADE,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, seq)
);
-- «Whose time has come?»
CREATE INDEX push_retries_next_at_index ON push_retries (next_at);
-- A newer notice of an alert drops what is left of the older ones.
CREATE INDEX push_retries_seq_index ON push_retries (seq);
