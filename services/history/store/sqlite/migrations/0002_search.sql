-- Where a message stands among all that can be found: Unix ms * 256 + a number
-- that tells apart what was said in one ms. 0: it is not found.
ALTER TABLE messages ADD COLUMN doc INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_by_doc ON messages (doc) WHERE doc != 0;

-- The terms of messages, by doc, as package search makes them: the tokenizer
-- only splits at spaces. Terms that no text has stand for the room, the author
-- and open rooms.
CREATE VIRTUAL TABLE search USING fts5(terms, content = '', contentless_delete = 1, tokenize = 'ascii');

-- Messages that were there before are indexed up to this id, while this row is
-- there.
INSERT INTO meta (key, value) SELECT 'indexed', 0 WHERE EXISTS (SELECT 1 FROM messages);
