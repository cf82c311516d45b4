-- +goose Up
ALTER TABLE device ADD COLUMN seal_key text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE device DROP COLUMN seal_key;
