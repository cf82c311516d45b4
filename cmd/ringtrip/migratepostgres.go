package main

import (
	"context"
	"errors"
)

// openPostgres opens a PostgreSQL store to move it.
func openPostgres(_ context.Context, _ string) (movable, error) {
	return nil, errors.New("this build has no PostgreSQL store")
}
