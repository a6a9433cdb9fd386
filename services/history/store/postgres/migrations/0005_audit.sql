-- compatible: 1
CREATE TABLE audit (
  id          text   PRIMARY KEY,
  time_ms     bigint NOT NULL,
  service     text   NOT NULL,
  who         text   NOT NULL,
  method      text   NOT NULL,
  room        text   NOT NULL,
  "user"      text   NOT NULL,
  seq         bigint NOT NULL,
  address     text   NOT NULL,
  forwarded   text   NOT NULL,
  code        text   NOT NULL,
  request     text   NOT NULL,
  duration_ms bigint NOT NULL
);
CREATE INDEX audit_by_time ON audit (time_ms, id COLLATE "C");
