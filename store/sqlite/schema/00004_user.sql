-- +goose Up

-- What users wish: block lists, quiet hours.
CREATE TABLE user (
	app    TEXT    NOT NULL,
	id     TEXT    NOT NULL,
	rev    INTEGER NOT NULL,
	wishes BLOB    NOT NULL,
	PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE user;
