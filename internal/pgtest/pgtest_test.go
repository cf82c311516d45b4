//go:build unix

package pgtest

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(Main{m}) }

// Its own server: what is committed is there after Restart and after Kill9, and nothing of it is left at the end.
func TestServerLivesAndDies(t *testing.T) {
	var dir string
	t.Run("life", func(t *testing.T) {
		s := Start(t)
		dir = s.dir
		url := s.Database(t)
		Exec(t, url, "CREATE TABLE life (n int PRIMARY KEY)")
		for n, die := range []func(){func() { s.Restart(t) }, func() { s.Kill9(t); s.Start(t) }, func() { s.Stop(); s.Start(t) }} {
			Exec(t, url, "INSERT INTO life SELECT count(*) FROM life")
			die()
			Exec(t, url, "DO $$ BEGIN ASSERT (SELECT count(*) FROM life) = "+string(rune('1'+n))+"; END $$")
		}
	})
	if dir == "" {
		t.Skip("there is no PostgreSQL")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left (%v)", dir, err)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	one, two := Database(t), Database(t)
	Exec(t, one, "CREATE TABLE apart (n int)")
	Exec(t, two, "CREATE TABLE apart (n int)")
}
