-- call_user has rows of live calls only: a user's tombstones would be read through whenever the user calls.

-- +goose Up
DELETE FROM call_user u USING call c WHERE c.id = u.call_id AND NOT c.live;

-- +goose Down
INSERT INTO call_user (app, "user", call_id)
	SELECT c.app, n.name, c.id FROM call c, json_array_elements_text(c.users::json) AS n (name) WHERE NOT c.live ON CONFLICT DO NOTHING;
