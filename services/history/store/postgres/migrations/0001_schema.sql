-- Ids are compared byte by byte (COLLATE "C"), in every store alike. Keys of
-- messages and events are room number * 2^32 + seq, so that a page of a room is
-- one range of the primary key, at any depth.
CREATE TABLE meta (
  key   text   PRIMARY KEY,
  value bigint NOT NULL
);

CREATE TABLE positions (
  partition integer PRIMARY KEY,
  stream    bigint  NOT NULL, -- Unix ns at which the stream was created
  sequence  bigint  NOT NULL,
  record    bytea   NOT NULL
);

CREATE SEQUENCE room_numbers AS integer;

CREATE TABLE rooms (
  number       bigint  PRIMARY KEY, -- from room_numbers
  room         text    COLLATE "C" NOT NULL UNIQUE,
  name         text    NOT NULL,
  folded       text    NOT NULL,    -- the name in lower case, for lists
  kind         integer NOT NULL,
  topic        text    NOT NULL,
  head         bigint  NOT NULL,
  slow_mode    bigint  NOT NULL,
  archived     boolean NOT NULL,
  closed       boolean NOT NULL,
  created_ms   bigint  NOT NULL,
  created_by   text    NOT NULL,
  active_ms    bigint  NOT NULL,
  members      bigint  NOT NULL,
  last_message bigint  NOT NULL     -- seq of the newest message; 0: none
) WITH (fillfactor = 70);           -- each batch updates the rooms it touches, in place

CREATE TABLE members (
  number     bigint  NOT NULL,
  user_id    text    COLLATE "C" NOT NULL,
  name       text    NOT NULL,
  role       integer NOT NULL,
  joined_seq bigint  NOT NULL,
  read_seq   bigint  NOT NULL,
  PRIMARY KEY (number, user_id)
) WITH (fillfactor = 80);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE sanctions (
  number  bigint NOT NULL,
  user_id text   COLLATE "C" NOT NULL,
  banned  bigint NOT NULL, -- until, Unix ms; 0: not
  muted   bigint NOT NULL, -- until, Unix ms; 0: not
  sent    bigint NOT NULL, -- when they last sent while slow mode was on, Unix ms; 0: not
  PRIMARY KEY (number, user_id)
);

CREATE TABLE messages (
  id       bigint  PRIMARY KEY,
  sent     bigint  NOT NULL, -- digest of (room, user, clientMsgId); 0: no clientMsgId
  body     bytea   NOT NULL, -- room.Body of what was posted
  user_id  text    COLLATE "C" NOT NULL,
  thread   bigint  NOT NULL, -- id of the message it hangs from; 0: none
  deleted  bigint  NOT NULL, -- seq of the event that deleted it; 0: it is there
  changed  bigint  NOT NULL, -- seq of the event that made its text what it is
  reacted  boolean NOT NULL, -- whether there may be reactions
  command  bytea   NOT NULL, -- id of the command that posted it
  mentions text[],           -- users that it names now; NULL: nobody
  message  bytea   NOT NULL  -- natter.chat.v1.Message as it stands now
);
CREATE INDEX messages_by_sent ON messages (sent) WHERE sent <> 0;
CREATE INDEX messages_by_thread ON messages (thread, id) WHERE thread <> 0;

CREATE TABLE reactions (
  id      bigint NOT NULL, -- of the message
  emoji   text   COLLATE "C" NOT NULL,
  user_id text   COLLATE "C" NOT NULL,
  seq     bigint NOT NULL, -- of the event that added it
  PRIMARY KEY (id, emoji, user_id)
);

CREATE TABLE events (
  id    bigint PRIMARY KEY,
  event bytea  NOT NULL    -- natter.chat.v1.Event; posted messages are in messages alone
);
