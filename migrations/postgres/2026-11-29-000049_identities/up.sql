-- Why: staff sign in by the word of a provider (OpenID Connect), which knows them by an issuer and a subject.
-- Lock: none that anybody waits for; the tables are new.
-- Rollback: down.sql takes the links away; whoever has a password signs in with it, others ask an administrator for one.

CREATE TABLE identities (
    id BYTEA NOT NULL PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (id),
    linked_at BIGINT NOT NULL,
    last_used_at BIGINT
);
-- «Whose account is this?»
CREATE UNIQUE INDEX identities_subject_key ON identities (issuer, subject);
-- An account is one person's at a provider, or two of them would change its role in turns.
CREATE UNIQUE INDEX identities_user_id_key ON identities (user_id, issuer);

-- Sign-ins that have begun. A state opens nothing without the secret that whoever began has.
CREATE TABLE oidc_attempts (
    state TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    session_id BYTEA,
    redirect_uri TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
-- «Which are over?»
CREATE INDEX oidc_attempts_expires_at_index ON oidc_attempts (expires_at);
