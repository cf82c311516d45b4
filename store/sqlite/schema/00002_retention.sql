-- +goose Up

-- One entry a call is enough to find the ledgers that are old: an index over all of them would cost every entry.
CREATE INDEX ledger_age ON ledger (at) WHERE seq = 1;

CREATE TABLE setting (
	name  TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE setting;
DROP INDEX ledger_age;
