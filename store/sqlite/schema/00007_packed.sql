-- Commits write at the end of tables and not all over them: every page that a commit touches goes to the disk whole.

-- +goose Up

-- The events of one commit, packed. They are found by the devices of their call.
CREATE TABLE told (
	id      INTEGER PRIMARY KEY,
	call_id TEXT NOT NULL,
	events  BLOB NOT NULL
) STRICT;
CREATE INDEX told_call ON told (call_id);

-- Up to which seq a device has its events: those that are packed with others' can't be deleted.
ALTER TABLE cursor ADD COLUMN trimmed INTEGER NOT NULL DEFAULT 0;

-- A row is one entry and those of the same commit after it, as a JSON array.
CREATE TABLE ledger_new (
	id        INTEGER PRIMARY KEY,
	call_id   TEXT    NOT NULL,
	seq       INTEGER NOT NULL,
	stage     INTEGER NOT NULL,
	device    TEXT    NOT NULL,
	at        INTEGER NOT NULL,
	device_at INTEGER NOT NULL,
	reason    INTEGER NOT NULL,
	detail    TEXT    NOT NULL,
	more      TEXT    NOT NULL DEFAULT ''
) STRICT;
INSERT INTO ledger_new (call_id, seq, stage, device, at, device_at, reason, detail)
	SELECT call_id, seq, stage, device, at, device_at, reason, detail FROM ledger ORDER BY call_id, seq;
DROP TABLE ledger;
ALTER TABLE ledger_new RENAME TO ledger;
CREATE UNIQUE INDEX ledger_call ON ledger (call_id, seq);
CREATE INDEX ledger_age ON ledger (at) WHERE seq = 1;

-- +goose Down

-- The packed events are lost: devices learn what became of their calls from the calls. The seqs go on far above them.
UPDATE cursor SET seq = seq + (SELECT count(*) FROM told) * 64;
INSERT INTO cursor (app, device, seq)
	SELECT app, device, (SELECT count(*) FROM told) * 64 FROM call_device WHERE true GROUP BY app, device ON CONFLICT DO NOTHING;
DROP TABLE told;
ALTER TABLE cursor DROP COLUMN trimmed;
CREATE TABLE ledger_old (
	call_id   TEXT    NOT NULL,
	seq       INTEGER NOT NULL,
	stage     INTEGER NOT NULL,
	device    TEXT    NOT NULL,
	at        INTEGER NOT NULL,
	device_at INTEGER NOT NULL,
	reason    INTEGER NOT NULL,
	detail    TEXT    NOT NULL,
	PRIMARY KEY (call_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_old SELECT call_id, seq, stage, device, at, device_at, reason, detail FROM ledger;
INSERT INTO ledger_old SELECT call_id, seq + key + 1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
	FROM ledger, json_each(more) WHERE more <> '';
DROP TABLE ledger;
ALTER TABLE ledger_old RENAME TO ledger;
CREATE INDEX ledger_age ON ledger (at) WHERE seq = 1;
