-- A commit writes a row for each call that it tells of, and not one for each event and each entry: what a row costs, in the
-- table, its indices and the log, is the most of what a commit costs.

-- +goose Up

-- The events of one commit, packed: each device has one at most. They are found by the devices of their call.
CREATE TABLE told (
	call_id  text COLLATE "C" NOT NULL,
	stamp    bigint NOT NULL, -- of the commit
	newest   bigint NOT NULL, -- of its seqs
	at       bigint NOT NULL,
	devices  text[] COLLATE "C" NOT NULL,
	seqs     bigint[] NOT NULL,
	payloads bytea[]  NOT NULL
) WITH (toast_tuple_target = 8160); -- compressing them would cost more than it saves
CREATE INDEX told_call ON told (call_id, newest);

-- Up to which seq a device has its events: those that are packed with others' can't be deleted.
CREATE TABLE trimmed (
	app    text COLLATE "C" NOT NULL,
	device text COLLATE "C" NOT NULL,
	seq    bigint NOT NULL,
	PRIMARY KEY (app, device)
) WITH (fillfactor = 50);

-- The newest schema that a node can read: while one does not know of packed rows, none are written.
ALTER TABLE node ADD COLUMN reads bigint NOT NULL DEFAULT 0;

-- A row of the ledger is one entry and those of the same commit after it, as a JSON array. The entries of a row have seqs
-- that follow one another.
ALTER TABLE ledger ADD COLUMN more text NOT NULL DEFAULT '';
ALTER SEQUENCE ledger_seq_seq INCREMENT BY 64;

-- +goose Down
INSERT INTO ledger (call_id, seq, stage, device, at, device_at, reason, detail, opens)
	SELECT l.call_id, l.seq + e.nth, (e.entry ->> 0)::bigint, e.entry ->> 1, (e.entry ->> 2)::bigint, (e.entry ->> 3)::bigint, (e.entry ->> 4)::bigint, e.entry ->> 5, false
	FROM ledger l, json_array_elements(l.more::json) WITH ORDINALITY AS e (entry, nth) WHERE l.more <> '';
ALTER TABLE ledger DROP COLUMN more;
ALTER TABLE node DROP COLUMN reads;
INSERT INTO event (app, device, seq, stamp, call_id, payload, at)
	SELECT c.app, x.device, x.seq, t.stamp, t.call_id, x.payload, t.at
	FROM told t JOIN call c ON c.id = t.call_id, unnest(t.devices, t.seqs, t.payloads) AS x (device, seq, payload);
DELETE FROM event e USING trimmed t WHERE t.app = e.app AND t.device = e.device AND e.seq <= t.seq;
DROP TABLE trimmed;
DROP TABLE told;
