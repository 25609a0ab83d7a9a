-- Why: alerts are aimed at sections and regions, and what the clock does to them is told once and on time; whoever reads
--      the event log keeps a place in it, and public events are numbered apart; answers are kept for a caller and a route.
-- Lock: the tables alerts and events, which are still small; alert_sources and replies for the length of a rename.
-- Rollback: down.sql takes the columns and the table away again; places in the log are lost, so readers start anew.

-- The keys of an alert's regions, each fenced, as topic_keys has those of its topics.
ALTER TABLE alerts ADD COLUMN region_keys TEXT COLLATE "C" NOT NULL DEFAULT '|';
-- The highest urgency that an alert has had: who was told of it then is told what became of it.
ALTER TABLE alerts ADD COLUMN peak_urgency BIGINT NOT NULL DEFAULT 1;
-- An alert refers to sections too from now on.
ALTER TABLE alert_sources RENAME TO alert_links;
ALTER TABLE alert_links RENAME COLUMN source_id TO target_id;
DROP INDEX alert_sources_source_id_index;
-- Alerts by section; and «is this record in use?»
CREATE INDEX alert_links_target_id_index ON alert_links (target_id, alert_id);

-- The instant at which the clock next makes an alert something else, until that is told; nothing when it does no more.
ALTER TABLE alerts ADD COLUMN next_at BIGINT;
UPDATE alerts SET next_at = CASE WHEN starts_at > issued_at THEN starts_at ELSE expires END WHERE state = 'active';
-- «Whose time has come?»
CREATE INDEX alerts_next_at_index ON alerts (next_at);
-- «Which alerts point at this article?»
CREATE INDEX alerts_article_id_index ON alerts (article_id);

-- How far each reader of the event log has come.
CREATE TABLE event_readers (
    name TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
-- Public events have a number of their own, without a gap: nobody outside can count what the newsroom does.
ALTER TABLE event_counter ADD COLUMN public_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN public_seq BIGINT;
UPDATE events SET public_seq = numbered.number
FROM (SELECT seq, row_number() OVER (ORDER BY seq) AS number FROM events WHERE visibility = 'public') AS numbered
WHERE events.seq = numbered.seq;
UPDATE event_counter SET public_seq = (SELECT count(*) FROM events WHERE public_seq IS NOT NULL);
-- What those who were away have missed.
CREATE UNIQUE INDEX events_public_seq_key ON events (public_seq);
-- Forgetting events by their age; the newsroom's list of one topic.
CREATE INDEX events_at_index ON events (at);
CREATE INDEX events_topic_index ON events (topic, seq);

-- It names the route beside the caller from now on.
ALTER TABLE replies RENAME COLUMN caller TO scope;
