-- compatible: 1
CREATE TABLE last_seen ("user" text PRIMARY KEY, time_ms bigint NOT NULL);
