-- What a room's retention took away, and its own retention. An older program
-- would look for messages that are gone.
ALTER TABLE rooms ADD COLUMN since INTEGER NOT NULL DEFAULT 0; -- messages with a smaller seq were trimmed
ALTER TABLE rooms ADD COLUMN retention BLOB NOT NULL DEFAULT x''; -- natter.chat.v1.RetentionSet; empty: none of its own
CREATE INDEX rooms_retained ON rooms (room) WHERE retention != x'';

-- The id of the message with which an event goes when it is trimmed; 0: it
-- stays; NULL: nobody has looked yet, as it was stored before there was this.
ALTER TABLE events ADD COLUMN about INTEGER;
CREATE INDEX events_by_about ON events (about) WHERE about > 0;
CREATE INDEX events_not_looked_at ON events (id) WHERE about IS NULL;
