-- compatible: 1
CREATE TABLE last_seen (user TEXT PRIMARY KEY, time_ms INTEGER NOT NULL) WITHOUT ROWID;
