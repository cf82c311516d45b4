-- Each event in two trees and not in three. A device's newest seq is that of its newest event or, if that is gone, what
-- cursor says: so a commit need not write it as well.

-- +goose Up
CREATE TABLE event_new (
	app     TEXT    NOT NULL,
	device  TEXT    NOT NULL,
	seq     INTEGER NOT NULL,
	call_id TEXT    NOT NULL,
	payload BLOB    NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (app, device, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO event_new SELECT app, device, seq, call_id, payload, at FROM event;
DROP TABLE event;
ALTER TABLE event_new RENAME TO event;
CREATE INDEX event_call ON event (call_id);

-- +goose Down
INSERT INTO cursor (app, device, seq) SELECT app, device, max(seq) FROM event WHERE true GROUP BY app, device
	ON CONFLICT (app, device) DO UPDATE SET seq = max(seq, excluded.seq);
CREATE TABLE event_old (
	id      INTEGER PRIMARY KEY,
	app     TEXT    NOT NULL,
	device  TEXT    NOT NULL,
	seq     INTEGER NOT NULL,
	call_id TEXT    NOT NULL,
	payload BLOB    NOT NULL,
	at      INTEGER NOT NULL
) STRICT;
INSERT INTO event_old (app, device, seq, call_id, payload, at) SELECT app, device, seq, call_id, payload, at FROM event;
DROP TABLE event;
ALTER TABLE event_old RENAME TO event;
CREATE UNIQUE INDEX event_seq  ON event (app, device, seq);
CREATE INDEX        event_call ON event (call_id);
