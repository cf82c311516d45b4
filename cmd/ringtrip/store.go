package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/postgres"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// storeNames is what a store may be called, for errors.
const storeNames = "sqlite:DIR or postgres://USER:PASSWORD@HOST/NAME"

// store opens the store that --store names, or without it the one in --data. dir is the folder of an embedded one;
// empty: it is not embedded.
func (c *serveCmd) store(ctx context.Context, log *slog.Logger) (st store.Store, dir string, err error) {
	kind, rest, ok := strings.Cut(c.Store, ":")
	switch {
	case c.Store == "":
		st, err = sqlite.Open(ctx, sqlite.Config{Dir: c.Data, Logger: log})
		return st, c.Data, err
	case ok && kind == "sqlite" && rest != "":
		st, err = sqlite.Open(ctx, sqlite.Config{Dir: filepath.FromSlash(rest), Logger: log})
		return st, rest, err
	case ok && (kind == "postgres" || kind == "postgresql"):
		st, err = postgres.Open(ctx, postgres.Config{URL: c.Store, Writers: c.StoreWriters, MaxConns: c.StoreReaders, Logger: log})
		return st, "", err
	}
	return nil, "", fmt.Errorf("--store %s: it must be %s", redact(c.Store), storeNames)
}
