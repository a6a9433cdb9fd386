CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE positions (
  partition INTEGER PRIMARY KEY,
  stream    INTEGER NOT NULL, -- Unix ns at which the stream was created
  sequence  INTEGER NOT NULL,
  record    BLOB    NOT NULL
);

CREATE TABLE rooms (
  number       INTEGER PRIMARY KEY,
  room         TEXT    NOT NULL UNIQUE,
  name         TEXT    NOT NULL,
  folded       TEXT    NOT NULL, -- the name in lower case, for lists
  kind         INTEGER NOT NULL,
  topic        TEXT    NOT NULL,
  head         INTEGER NOT NULL,
  slow_mode    INTEGER NOT NULL,
  archived     INTEGER NOT NULL,
  closed       INTEGER NOT NULL,
  created_ms   INTEGER NOT NULL,
  created_by   TEXT    NOT NULL,
  active_ms    INTEGER NOT NULL,
  members      INTEGER NOT NULL,
  last_message INTEGER NOT NULL  -- seq of the newest message; 0: none
);

CREATE TABLE members (
  number     INTEGER NOT NULL,
  user       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  role       INTEGER NOT NULL,
  joined_seq INTEGER NOT NULL,
  read_seq   INTEGER NOT NULL,
  PRIMARY KEY (number, user)
) WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user);

CREATE TABLE sanctions (
  number INTEGER NOT NULL,
  user   TEXT    NOT NULL,
  banned INTEGER NOT NULL, -- until, Unix ms; 0: not
  muted  INTEGER NOT NULL, -- until, Unix ms; 0: not
  sent   INTEGER NOT NULL, -- when they last sent while slow mode was on, Unix ms; 0: not
  PRIMARY KEY (number, user)
) WITHOUT ROWID;

CREATE TABLE messages (
  id      INTEGER PRIMARY KEY, -- room number * 2^32 + seq
  sent    INTEGER NOT NULL,    -- digest of (room number, user, clientMsgId); 0: no clientMsgId
  body    BLOB    NOT NULL,    -- room.Body of what was posted
  user    TEXT    NOT NULL,
  deleted INTEGER NOT NULL,    -- seq of the event that deleted it; 0: it is there
  changed INTEGER NOT NULL,    -- seq of the event that made its text what it is
  reacted INTEGER NOT NULL,    -- whether there may be reactions
  command TEXT    NOT NULL,
  message BLOB    NOT NULL     -- natter.chat.v1.Message as it stands now
);
CREATE INDEX messages_by_sent ON messages (sent) WHERE sent != 0;

CREATE TABLE thread_messages (
  thread INTEGER NOT NULL,     -- room number * 2^32 + seq of the message it hangs from
  id     INTEGER NOT NULL,     -- of the message
  PRIMARY KEY (thread, id)
) WITHOUT ROWID;

CREATE TABLE reactions (
  id    INTEGER NOT NULL,      -- of the message
  emoji TEXT    NOT NULL,
  user  TEXT    NOT NULL,
  seq   INTEGER NOT NULL,      -- of the event that added it
  PRIMARY KEY (id, emoji, user)
) WITHOUT ROWID;

CREATE TABLE events (
  id    INTEGER PRIMARY KEY,   -- room number * 2^32 + seq
  event BLOB NOT NULL          -- natter.chat.v1.Event; posted messages are in messages alone
);
