DROP INDEX users_email_mark_key;
ALTER TABLE users DROP COLUMN email_sealed;
ALTER TABLE users DROP COLUMN email_mark;
ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT '';
UPDATE users SET email = u.email FROM unsealed_addresses u WHERE u.user_id = users.id;
DROP TABLE unsealed_addresses;

-- In its own words
UPDATE users SET email = encode(id, 'hex') || '@sealed.invalid' WHERE email = '';
CREATE UNIQUE INDEX users_email_key ON users (email);
