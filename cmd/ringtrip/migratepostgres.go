package main

import (
	"context"

	"github.com/ringtrip/ringtrip/store/postgres"
)

// openPostgres opens a PostgreSQL store to move it.
func openPostgres(ctx context.Context, url string) (movable, error) {
	return postgres.Open(ctx, postgres.Config{URL: url})
}
