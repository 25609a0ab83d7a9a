-- Why: who asks to be forgotten may have said much; their words are taken out in slices, by any node, until none is left.
-- Lock: none; a new table.
-- Rollback: down.sql drops the table; erasures that are under way stop where they are, without a name.

-- Whose words are on their way out. The row goes with the last of them.
CREATE TABLE erasures (
    commenter_id BYTEA NOT NULL PRIMARY KEY REFERENCES commenters (id),
    requested_at BIGINT NOT NULL
);
-- «Who has waited longest?»
CREATE INDEX erasures_requested_at_index ON erasures (requested_at);
