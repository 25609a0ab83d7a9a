-- Why: moderators act on somebody, not only on a comment: they warn, suspend, ban, or let everything that somebody writes
--      wait. What holds is read by whoever writes, in the writing transaction.
-- Lock: none that anybody waits for; one table is new.
-- Rollback: down.sql forgets the sanctions.
CREATE TABLE sanctions (
    id BYTEA NOT NULL PRIMARY KEY,
    commenter_id BYTEA NOT NULL REFERENCES commenters (id),
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT,
    until BIGINT,
    imposed_by BYTEA NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    lifted_at BIGINT,
    lifted_by BYTEA REFERENCES users (id),
    lift_note TEXT
);
-- «What holds for this one, who is about to write?» and everything that ever did.
CREATE INDEX sanctions_lifted_at_index ON sanctions (commenter_id, lifted_at, kind);
CREATE INDEX sanctions_commenter_id_index ON sanctions (commenter_id, created_at, id);
-- All of them, the latest first.
CREATE INDEX sanctions_created_at_index ON sanctions (created_at, id);
