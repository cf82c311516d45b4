-- The token of ordinary notifications, for missed calls.

-- +goose Up
ALTER TABLE device ADD COLUMN alert_token         TEXT    NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN alert_registered_at INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX device_alert ON device (alert_token) WHERE alert_token <> '';

-- +goose Down
DROP INDEX device_alert;
ALTER TABLE device DROP COLUMN alert_registered_at;
ALTER TABLE device DROP COLUMN alert_token;
