-- compatible: 1
CREATE TABLE audit (
  id          TEXT    PRIMARY KEY,
  time_ms     INTEGER NOT NULL,
  service     TEXT    NOT NULL,
  who         TEXT    NOT NULL,
  method      TEXT    NOT NULL,
  room        TEXT    NOT NULL,
  user        TEXT    NOT NULL,
  seq         INTEGER NOT NULL,
  address     TEXT    NOT NULL,
  forwarded   TEXT    NOT NULL,
  code        TEXT    NOT NULL,
  request     TEXT    NOT NULL,
  duration_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX audit_by_time ON audit (time_ms, id);
