-- Times are Unix nanoseconds, 0 for none. Lists of names are JSON arrays; call_device and call_user are their index.

-- +goose Up
CREATE TABLE call (
	id         TEXT    NOT NULL PRIMARY KEY,
	app        TEXT    NOT NULL,
	rev        INTEGER NOT NULL,
	state      BLOB    NOT NULL,
	live       INTEGER NOT NULL,
	devices    TEXT    NOT NULL,
	users      TEXT    NOT NULL,
	key        TEXT    NOT NULL,
	timer      INTEGER NOT NULL,
	keep_until INTEGER NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX call_key   ON call (app, key)              WHERE key <> '';
CREATE INDEX        call_timer ON call (timer)                 WHERE timer <> 0;
CREATE INDEX        call_live  ON call (app, created_at, id)   WHERE live = 1;
CREATE INDEX        call_tomb  ON call (keep_until)            WHERE live = 0;

CREATE TABLE call_device (
	app     TEXT NOT NULL,
	device  TEXT NOT NULL,
	call_id TEXT NOT NULL,
	PRIMARY KEY (app, device, call_id)
) STRICT, WITHOUT ROWID;

-- Only of live calls.
CREATE TABLE call_user (
	app     TEXT NOT NULL,
	user    TEXT NOT NULL,
	call_id TEXT NOT NULL,
	PRIMARY KEY (app, user, call_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
	id           TEXT    NOT NULL PRIMARY KEY,
	call_id      TEXT    NOT NULL,
	kind         TEXT    NOT NULL,
	payload      BLOB    NOT NULL,
	leased_until INTEGER NOT NULL,
	tries        INTEGER NOT NULL
) STRICT;
CREATE INDEX job_lease ON job (kind, leased_until);

CREATE TABLE event (
	id      INTEGER PRIMARY KEY,
	app     TEXT    NOT NULL,
	device  TEXT    NOT NULL,
	seq     INTEGER NOT NULL,
	call_id TEXT    NOT NULL,
	payload BLOB    NOT NULL,
	at      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_seq  ON event (app, device, seq);
CREATE INDEX        event_call ON event (call_id);

-- The newest seq ever given to a device. It outlives the device's row: a device that comes back with an old
-- cursor must not find its events below it.
CREATE TABLE cursor (
	app    TEXT    NOT NULL,
	device TEXT    NOT NULL,
	seq    INTEGER NOT NULL,
	PRIMARY KEY (app, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
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

CREATE TABLE device (
	app           TEXT    NOT NULL,
	id            TEXT    NOT NULL,
	user          TEXT    NOT NULL,
	name          TEXT    NOT NULL,
	platform      TEXT    NOT NULL,
	bundle_id     TEXT    NOT NULL,
	voip_token    TEXT    NOT NULL,
	environment   INTEGER NOT NULL,
	app_version   TEXT    NOT NULL,
	os_version    TEXT    NOT NULL,
	registered_at INTEGER NOT NULL,
	seen_at       INTEGER NOT NULL,
	PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX        device_user  ON device (app, user, seen_at);
CREATE UNIQUE INDEX device_token ON device (voip_token) WHERE voip_token <> '';

CREATE TABLE history (
	call_id       TEXT    NOT NULL PRIMARY KEY,
	app           TEXT    NOT NULL,
	caller        TEXT    NOT NULL,
	caller_name   TEXT    NOT NULL,
	caller_handle TEXT    NOT NULL,
	callee        TEXT    NOT NULL,
	video         INTEGER NOT NULL,
	reason        INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	answered_at   INTEGER NOT NULL,
	ended_at      INTEGER NOT NULL,
	answered_by   TEXT    NOT NULL
) STRICT;
CREATE INDEX history_app    ON history (app, created_at, call_id);
CREATE INDEX history_caller ON history (app, caller, created_at, call_id);
CREATE INDEX history_callee ON history (app, callee, created_at, call_id);

-- The row that the check at start-up writes.
CREATE TABLE opened (
	id    INTEGER PRIMARY KEY,
	at    INTEGER NOT NULL,
	times INTEGER NOT NULL DEFAULT 1
) STRICT;

-- +goose Down
DROP TABLE opened;
DROP TABLE history;
DROP TABLE device;
DROP TABLE ledger;
DROP TABLE cursor;
DROP TABLE event;
DROP TABLE job;
DROP TABLE call_user;
DROP TABLE call_device;
DROP TABLE call;
