-- Why: sessions that ended long ago are forgotten, and refresh tokens that were used long ago.
-- Lock: sessions and refresh_tokens, while the indexes are made.
-- Rollback: down.sql takes the indexes away.

-- «Which ended long ago?»
CREATE INDEX sessions_expires_at_index ON sessions (expires_at);
-- «Which were used long ago?»
CREATE INDEX refresh_tokens_used_at_index ON refresh_tokens (used_at) WHERE used_at IS NOT NULL;
