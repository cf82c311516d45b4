-- Times are Unix nanoseconds, 0 for none, as in store/sqlite: so rows can be carried over as they are. Lists of
-- names are JSON arrays; call_device and call_user are their index. Names compare by bytes (COLLATE "C"): locks
-- are then taken in the order in which the server sorts, whatever the database's locale is.

-- +goose Up
CREATE TABLE call (
	id         text COLLATE "C" NOT NULL PRIMARY KEY,
	app        text COLLATE "C" NOT NULL,
	rev        bigint  NOT NULL,
	stamp      bigint  NOT NULL, -- the number of the commit that made this rev, which no other commit has
	state      bytea   NOT NULL,
	live       boolean NOT NULL,
	devices    text    NOT NULL,
	users      text    NOT NULL,
	key        text COLLATE "C" NOT NULL,
	timer      bigint  NOT NULL,
	keep_until bigint  NOT NULL,
	created_at bigint  NOT NULL
) WITH (fillfactor = 70); -- room for the next revs of a call on the page of the last
CREATE UNIQUE INDEX call_key   ON call (app, key)            WHERE key <> '';
CREATE INDEX        call_timer ON call (timer, id)           WHERE timer <> 0;
CREATE INDEX        call_live  ON call (app, created_at, id) WHERE live;
CREATE INDEX        call_tomb  ON call (keep_until)          WHERE NOT live;

CREATE TABLE call_device (
	app     text COLLATE "C" NOT NULL,
	device  text COLLATE "C" NOT NULL,
	call_id text COLLATE "C" NOT NULL,
	PRIMARY KEY (app, device, call_id)
);

-- Only of live calls.
CREATE TABLE call_user (
	app      text COLLATE "C" NOT NULL,
	"user"   text COLLATE "C" NOT NULL,
	call_id  text COLLATE "C" NOT NULL,
	PRIMARY KEY (app, "user", call_id)
);

CREATE TABLE job (
	id           text COLLATE "C" NOT NULL PRIMARY KEY,
	call_id      text COLLATE "C" NOT NULL,
	kind         text COLLATE "C" NOT NULL,
	payload      bytea  NOT NULL,
	leased_until bigint NOT NULL,
	tries        bigint NOT NULL
);
CREATE INDEX job_lease ON job (kind, leased_until, id);

CREATE TABLE event (
	app     text COLLATE "C" NOT NULL,
	device  text COLLATE "C" NOT NULL,
	seq     bigint NOT NULL,
	stamp   bigint NOT NULL, -- of the commit that stored it
	call_id text COLLATE "C" NOT NULL,
	payload bytea  NOT NULL,
	at      bigint NOT NULL,
	PRIMARY KEY (app, device, seq)
);
CREATE INDEX event_call ON event (call_id);

-- The newest seq ever given to a device. It outlives the device's row: a device that comes back with an old
-- cursor must not find its events below it.
CREATE TABLE cursor (
	app    text COLLATE "C" NOT NULL,
	device text COLLATE "C" NOT NULL,
	seq    bigint NOT NULL,
	PRIMARY KEY (app, device)
) WITH (fillfactor = 50);

CREATE TABLE ledger (
	call_id   text COLLATE "C" NOT NULL,
	seq       bigserial NOT NULL,
	stage     bigint NOT NULL,
	device    text   NOT NULL,
	at        bigint NOT NULL,
	device_at bigint NOT NULL,
	reason    bigint NOT NULL,
	detail    text   NOT NULL,
	opens     boolean NOT NULL, -- there was no entry of the call before it
	PRIMARY KEY (call_id, seq)
);
-- One entry a call is enough to find the ledgers that are old: an index over all of them would cost every entry.
CREATE INDEX ledger_age ON ledger (at) WHERE opens;

CREATE TABLE device (
	app           text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	"user"        text COLLATE "C" NOT NULL,
	name          text   NOT NULL,
	platform      text   NOT NULL,
	bundle_id     text   NOT NULL,
	voip_token    text COLLATE "C" NOT NULL,
	environment   bigint NOT NULL,
	app_version   text   NOT NULL,
	os_version    text   NOT NULL,
	registered_at bigint NOT NULL,
	seen_at       bigint NOT NULL,
	alert_token         text COLLATE "C" NOT NULL,
	alert_registered_at bigint NOT NULL,
	PRIMARY KEY (app, id)
);
CREATE INDEX        device_user  ON device (app, "user", seen_at, id);
CREATE UNIQUE INDEX device_token ON device (voip_token) WHERE voip_token <> '';
CREATE UNIQUE INDEX device_alert ON device (alert_token) WHERE alert_token <> '';

CREATE TABLE history (
	call_id       text COLLATE "C" NOT NULL PRIMARY KEY,
	app           text COLLATE "C" NOT NULL,
	caller        text COLLATE "C" NOT NULL,
	caller_name   text    NOT NULL,
	caller_handle text    NOT NULL,
	callee        text COLLATE "C" NOT NULL,
	video         boolean NOT NULL,
	reason        bigint  NOT NULL,
	created_at    bigint  NOT NULL,
	answered_at   bigint  NOT NULL,
	ended_at      bigint  NOT NULL,
	answered_by   text    NOT NULL
);
CREATE INDEX history_app    ON history (app, created_at, call_id);
CREATE INDEX history_caller ON history (app, caller, created_at, call_id);
CREATE INDEX history_callee ON history (app, callee, created_at, call_id);

-- One row for each writer of each node that runs. A batch of commits begins by changing it, which fails if the
-- epoch is not the writer's own any more: so a writer that lost its connection takes a new epoch and then knows
-- whether its last batch was committed, and that it never will be if it was not.
CREATE TABLE writer (
	id    text COLLATE "C" NOT NULL PRIMARY KEY,
	epoch bigint NOT NULL,
	batch bigint NOT NULL,
	at    bigint NOT NULL,
	CONSTRAINT fenced CHECK (batch >= 0)
) WITH (fillfactor = 20);

-- What users wish: block lists, quiet hours.
CREATE TABLE member (
	app    text COLLATE "C" NOT NULL,
	id     text COLLATE "C" NOT NULL,
	rev    bigint NOT NULL,
	wishes bytea  NOT NULL,
	PRIMARY KEY (app, id)
);

-- What all nodes must agree on, such as the secret of action tokens.
CREATE TABLE setting (
	name  text COLLATE "C" NOT NULL PRIMARY KEY,
	value bytea NOT NULL
);

-- +goose Down
DROP TABLE setting;
DROP TABLE member;
DROP TABLE writer;
DROP TABLE history;
DROP TABLE device;
DROP TABLE ledger;
DROP TABLE cursor;
DROP TABLE event;
DROP TABLE job;
DROP TABLE call_user;
DROP TABLE call_device;
DROP TABLE call;
