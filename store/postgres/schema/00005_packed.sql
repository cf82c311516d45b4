-- A row of the ledger is one entry and those of the same commit after it, as a JSON array. The entries of a row have seqs
-- that follow one another.

-- +goose Up
ALTER TABLE ledger ADD COLUMN more text NOT NULL DEFAULT '';
ALTER SEQUENCE ledger_seq_seq INCREMENT BY 64;

-- +goose Down
INSERT INTO ledger (call_id, seq, stage, device, at, device_at, reason, detail, opens)
	SELECT l.call_id, l.seq + e.nth, (e.entry ->> 0)::bigint, e.entry ->> 1, (e.entry ->> 2)::bigint, (e.entry ->> 3)::bigint, (e.entry ->> 4)::bigint, e.entry ->> 5, false
	FROM ledger l, json_array_elements(l.more::json) WITH ORDINALITY AS e (entry, nth) WHERE l.more <> '';
ALTER TABLE ledger DROP COLUMN more;
