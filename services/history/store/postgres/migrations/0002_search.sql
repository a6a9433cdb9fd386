-- What can be found: the terms of messages, as package search makes them, with
-- those that stand for the room, the author and open rooms. Deleted messages
-- have no row.
CREATE TABLE found (
  id      bigint   PRIMARY KEY, -- of the message
  time_ms bigint   NOT NULL,    -- when it was posted
  terms   tsvector NOT NULL
);
CREATE INDEX found_by_time ON found (time_ms DESC, id DESC);
CREATE INDEX found_by_terms ON found USING gin (terms);
-- Which words are common decides how to look for them.
ALTER TABLE found ALTER COLUMN terms SET STATISTICS 1000;

-- Messages that were there before are indexed up to this id, while this row is
-- there.
INSERT INTO meta (key, value) SELECT 'indexed', 0 WHERE EXISTS (SELECT 1 FROM messages);
