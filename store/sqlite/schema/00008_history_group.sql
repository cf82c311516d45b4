-- Which group call a call in history was in.

-- +goose Up
ALTER TABLE history ADD COLUMN group_id TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE history DROP COLUMN group_id;
