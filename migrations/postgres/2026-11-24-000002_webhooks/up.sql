-- Why: partners are told of events by webhooks: their endpoints, what is on its way to each, and what each answered.
-- Lock: none, the tables are new.
-- Rollback: down.sql drops them, with the endpoints, their secrets and all that was still to be delivered.

-- Somebody who is told. `topics` is a JSON list, nothing stands for every public one; the secrets are sealed.
CREATE TABLE webhooks (
    id BYTEA NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT,
    topics TEXT,
    is_ordered BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    disabled_reason TEXT,
    secret BYTEA NOT NULL,
    old_secret BYTEA,
    old_secret_until BIGINT,
    failing_since BIGINT,
    throttled_until BIGINT,
    -- Events after this number are for it.
    from_seq BIGINT NOT NULL,
    created_by BYTEA NOT NULL REFERENCES users (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- The newsroom's list, newest first.
CREATE INDEX webhooks_created_at_index ON webhooks (created_at, id);
-- «Who is to be told?»
CREATE INDEX webhooks_state_index ON webhooks (state);

-- One message to one endpoint. `seq` is the event's number; a test has none.
CREATE TABLE webhook_deliveries (
    id BYTEA NOT NULL PRIMARY KEY,
    webhook_id BYTEA NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    seq BIGINT,
    topic TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Attempts since it was last put into the queue, and all of them.
    tries BIGINT NOT NULL,
    attempt_count BIGINT NOT NULL,
    -- Nothing once it is over.
    due_at BIGINT,
    -- Until then a node is at it.
    leased_until BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- One message for each event and endpoint.
CREATE UNIQUE INDEX webhook_deliveries_message_id_key ON webhook_deliveries (webhook_id, message_id);
-- «What is due at this endpoint?»; at an ordered one, «what comes first?»
CREATE INDEX webhook_deliveries_due_at_index ON webhook_deliveries (webhook_id, due_at, id);
CREATE INDEX webhook_deliveries_seq_index ON webhook_deliveries (webhook_id, state, seq);
-- «Which tests are due?»
CREATE INDEX webhook_deliveries_test_index ON webhook_deliveries (due_at) WHERE seq IS NULL;
-- The newsroom's list of one endpoint, newest first: all, by state, by topic.
CREATE INDEX webhook_deliveries_created_at_index ON webhook_deliveries (webhook_id, created_at, id);
CREATE INDEX webhook_deliveries_state_index ON webhook_deliveries (webhook_id, state, created_at, id);
CREATE INDEX webhook_deliveries_topic_index ON webhook_deliveries (webhook_id, topic, created_at, id);
-- Forgetting what nothing has happened to for long.
CREATE INDEX webhook_deliveries_updated_at_index ON webhook_deliveries (updated_at);

-- What came of each attempt. `answer` is the beginning of the body, or why there is none.
CREATE TABLE webhook_attempts (
    delivery_id BYTEA NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT,
    duration_ms BIGINT,
    answer TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
);
