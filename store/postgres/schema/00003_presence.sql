-- Which node holds which device's event stream, and which nodes live.

-- +goose Up
CREATE TABLE stream (
	app        text COLLATE "C" NOT NULL,
	device     text COLLATE "C" NOT NULL,
	node       text COLLATE "C" NOT NULL, -- empty: it has left
	id         text COLLATE "C" NOT NULL,
	foreground boolean NOT NULL,
	left_at    bigint  NOT NULL,
	PRIMARY KEY (app, device)
) WITH (fillfactor = 70); -- a device comes and goes
CREATE INDEX stream_node ON stream (node) WHERE node <> '';

CREATE TABLE node (
	id   text COLLATE "C" NOT NULL PRIMARY KEY,
	beat bigint NOT NULL
) WITH (fillfactor = 10); -- one row a node, changed every second

-- +goose Down
DROP TABLE node;
DROP TABLE stream;
