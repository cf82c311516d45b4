package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// OpenError says why a store could not be opened, and what to do.
type OpenError struct {
	Database string
	Problem  string
	Hint     string
	Err      error // may be nil
}

// Error implements error.
func (e *OpenError) Error() string {
	msg := fmt.Sprintf("postgres: %s: %s", e.Database, e.Problem)
	if e.Err != nil {
		msg += fmt.Sprintf(" (%v)", e.Err)
	}
	return msg + ". " + e.Hint
}

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

var (
	// ErrNotOurs says that the database holds tables of something else.
	ErrNotOurs = errors.New("postgres: not a database of ringtrip")
	// ErrNewer says that a newer ringtrip made the tables.
	ErrNewer = errors.New("postgres: made by a newer version")
	// ErrForgets says that the database may forget what it acknowledged.
	ErrForgets = errors.New("postgres: not durable")
)

// oldest is the oldest version of PostgreSQL that will do, as server_version_num has it.
const oldest = 140000

//go:embed schema/*.sql
var schema embed.FS

// prepare checks the server and brings the tables up to date.
func prepare(ctx context.Context, cfg *pgx.ConnConfig, where string, forgets bool) error {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return openError(where, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := checkServer(ctx, conn, where); err != nil && !(forgets && errors.Is(err, ErrForgets)) {
		return openError(where, err)
	}
	return openError(where, migrate(ctx, conn, cfg, where))
}

// checkServer refuses servers that are too old, or that may forget what they acknowledged.
func checkServer(ctx context.Context, conn *pgx.Conn, where string) error {
	rows, err := conn.Query(ctx, `SELECT name, setting FROM pg_settings
		WHERE name IN ('server_version_num', 'server_encoding', 'fsync', 'full_page_writes', 'synchronous_commit')`)
	if err != nil {
		return err
	}
	settings := map[string]string{}
	var name, setting string
	if _, err := pgx.ForEachRow(rows, []any{&name, &setting}, func() error { settings[name] = setting; return nil }); err != nil {
		return err
	}
	var version int
	if _, err := fmt.Sscan(settings["server_version_num"], &version); err == nil && version < oldest {
		return &OpenError{Database: where, Problem: fmt.Sprintf("it is PostgreSQL %d", version/10000), Hint: "Use version 14 or later"}
	}
	if e := settings["server_encoding"]; e != "" && e != "UTF8" {
		return &OpenError{Database: where, Problem: "its encoding is " + e, Hint: "Make the database with ENCODING 'UTF8'"}
	}
	for name, why := range map[string]string{
		"fsync":              "a power cut may destroy the whole database",
		"full_page_writes":   "a power cut may tear pages",
		"synchronous_commit": "calls that were acknowledged are lost when it crashes",
	} {
		if settings[name] == "off" {
			return &OpenError{Database: where, Problem: name + " is off: " + why,
				Hint: "Set " + name + " = on, for the server or for this database and role", Err: ErrForgets}
		}
	}
	return nil
}

// migrate brings the tables up to date, while the other nodes that start now wait. goose keeps its version in the
// table goose_db_version.
func migrate(ctx context.Context, conn *pgx.Conn, cfg *pgx.ConnConfig, where string) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	if current(ctx, conn, files) {
		return nil // as nearly always: nothing to wait for
	}
	tx, err := lock(ctx, conn, where)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	db.SetMaxIdleConns(1)
	if err := forward(ctx, db, files, where); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// current says that the newest migration is the newest that the database has. An error says nothing: then the long
// way will.
func current(ctx context.Context, conn *pgx.Conn, files fs.FS) bool {
	var have, want int64
	if err := conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&have); err != nil {
		return false
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return false
	}
	for _, name := range names {
		if n, err := goose.NumericComponent(name); err == nil {
			want = max(want, n)
		}
	}
	return have == want
}

// forward carries out the migrations that the database lacks.
func forward(ctx context.Context, db *sql.DB, files fs.FS, where string) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return &OpenError{Database: where, Problem: fmt.Sprintf("it was made by a newer ringtrip (schema %d, this one knows up to %d)", have, want),
			Hint: "Run that version, or put the backup from before the update back", Err: ErrNewer}
	}
	if have == want {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating from schema %d to %d: %w", have, want, err)
	}
	return nil
}

// lock begins a transaction that no two nodes are in at once: it holds the only row of a table. The lock ends
// with the connection, so a node that dies while it migrates leaves it to the next.
func lock(ctx context.Context, conn *pgx.Conn, where string) (pgx.Tx, error) {
	var tables int
	var ours bool
	err := conn.QueryRow(ctx, `SELECT count(*), coalesce(bool_or(table_name = 'ringtrip_migration'), false)
		FROM information_schema.tables WHERE table_schema = current_schema()`).Scan(&tables, &ours)
	if err != nil {
		return nil, err
	}
	if tables > 0 && !ours {
		return nil, &OpenError{Database: where, Problem: "it holds tables of something else",
			Hint: "Make a database of its own for ringtrip (CREATE DATABASE), or name another schema (?search_path= in the URL)", Err: ErrNotOurs}
	}
	// IF NOT EXISTS is no protection against another node that does it in the same moment.
	for try := 0; ; try++ {
		_, err = conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS ringtrip_migration (id bigint PRIMARY KEY)`)
		if err == nil {
			_, err = conn.Exec(ctx, `INSERT INTO ringtrip_migration (id) VALUES (1) ON CONFLICT DO NOTHING`)
		}
		if err == nil {
			break
		}
		var e *pgconn.PgError
		if !errors.As(err, &e) || try == 20 || e.Code != "23505" && e.Code != "42P07" && e.Code != "42710" && e.Code != "XX000" && !collided(err) {
			return nil, err
		}
		if err := wait(ctx, try); err != nil {
			return nil, err
		}
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `SELECT id FROM ringtrip_migration WHERE id = 1 FOR UPDATE`); err != nil {
		_ = tx.Rollback(context.WithoutCancel(ctx))
		return nil, err
	}
	return tx, nil
}

// openError says what to do about the errors that people meet.
func openError(where string, err error) error {
	if err == nil {
		return nil
	}
	if opened := (*OpenError)(nil); errors.As(err, &opened) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("postgres: opening %s: %w", where, err)
	}
	e := &OpenError{Database: where, Problem: "the database can't be used", Hint: "The cause is in brackets", Err: err}
	var answer *pgconn.PgError
	var network *net.OpError
	switch {
	case errors.As(err, &answer):
		switch answer.Code {
		case "28P01", "28000":
			e.Problem, e.Hint = "it does not let us in", "Look at user and password in the URL, and at the server's pg_hba.conf"
		case "3D000":
			e.Problem, e.Hint = "there is no such database", "Make it (CREATE DATABASE), or name another one"
		case "42501":
			e.Problem, e.Hint = "the user may not do this", "Make the user the database's owner (ALTER DATABASE … OWNER TO …)"
		case "53100":
			e.Problem, e.Hint = "its disk is full", "Make room and try again"
		case "53300":
			e.Problem, e.Hint = "it has too many connections", "Raise max_connections, or lower the number of writers and readers"
		case "57P03":
			e.Problem, e.Hint = "it is starting or stopping", "Try again in a moment"
		}
	case strings.Contains(err.Error(), "read only") || strings.Contains(err.Error(), "read-write"):
		e.Problem, e.Hint = "it does not take writes: it is a standby", "Name the primary, or all hosts"
	case errors.As(err, &network):
		e.Problem, e.Hint = "it can't be reached", "Is it running, and do host and port in the URL fit?"
	case strings.Contains(err.Error(), "tls") || strings.Contains(err.Error(), "certificate"):
		e.Problem, e.Hint = "the connection can't be encrypted as asked for", "Look at sslmode and sslrootcert in the URL"
	}
	return e
}
