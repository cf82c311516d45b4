package signaling

import (
	"context"
	"fmt"
)

// tokens keeps the user's token until the server refuses it. One goroutine at a time fetches a new one, and
// those that wait for it get the same.
type tokens struct {
	fetch func(context.Context) (string, error)
	turn  chan struct{} // full while someone uses what follows
	token string
}

// get returns the token, fetching one if there is none.
func (t *tokens) get(ctx context.Context) (string, error) {
	if t.fetch == nil {
		return "", nil
	}
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-t.turn }()
	if t.token != "" {
		return t.token, nil
	}
	token, err := t.fetch(ctx)
	if err != nil {
		return "", fmt.Errorf("signaling: fetching a token: %w", err)
	}
	t.token = token
	return token, nil
}

// refuse forgets token, unless there is a newer one already.
func (t *tokens) refuse(token string) {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	if t.token == token {
		t.token = ""
	}
}
