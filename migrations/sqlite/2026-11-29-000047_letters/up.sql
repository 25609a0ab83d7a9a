-- Why: people get letters: with codes for another password or another address, and invitations to join.
-- Lock: none that anybody waits for; the tables are new.
-- Rollback: down.sql takes away what is not posted yet, every code and every invitation.

-- Letters that wait to be posted; what they are about and to whom they go is sealed.
CREATE TABLE letters (
    id BLOB NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
-- «What is due?»
CREATE INDEX letters_due_at_index ON letters (due_at, id);

-- What an account's holder gets by mail to prove that the address is theirs: one of each purpose.
CREATE TABLE account_codes (
    user_id BLOB NOT NULL REFERENCES users (id),
    purpose TEXT NOT NULL,
    hash BLOB NOT NULL,
    -- The address that the account is to have, sealed.
    address BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, purpose)
);
-- «Whose code is this?»
CREATE UNIQUE INDEX account_codes_hash_key ON account_codes (hash);

CREATE TABLE invitations (
    id BLOB NOT NULL PRIMARY KEY,
    -- Sealed.
    email BLOB NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    section_ids TEXT NOT NULL,
    may_kill BOOLEAN NOT NULL,
    -- Of the code; there is none before the letter is written.
    hash BLOB,
    invited_by BLOB NOT NULL REFERENCES users (id),
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    accepted_at BIGINT,
    -- The account that came of it.
    user_id BLOB REFERENCES users (id),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- «Whose code is this?»
CREATE UNIQUE INDEX invitations_hash_key ON invitations (hash);
-- The newest first.
CREATE INDEX invitations_created_at_index ON invitations (created_at, id);
-- «Does anything rest on this account?»
CREATE INDEX invitations_invited_by_index ON invitations (invited_by);
CREATE INDEX invitations_user_id_index ON invitations (user_id);
