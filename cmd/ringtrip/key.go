package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/server/auth"
)

// keyCmd is about the API keys of an app's backend.
type keyCmd struct {
	New  keyNewCmd  `cmd:"" help:"Make an API key: printed once, with the line that the server's configuration gets."`
	Hash keyHashCmd `cmd:"" help:"Read an API key from standard input and print its line for the configuration."`
}

// keyNewCmd makes an API key.
type keyNewCmd struct {
	Scope string        `help:"backend (calls in the name of users, and reading), ops (looking after calls) or admin (both)." enum:"backend,ops,admin" default:"backend"`
	For   time.Duration `help:"How long the key is good; 0: until its line is taken away." default:"0"`
}

// Run prints the key and its line.
func (c *keyNewCmd) Run(o out) error {
	key, line, err := auth.NewAPIKey(auth.Scope(c.Scope), c.expires(time.Now()))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o, "# The key, for the backend. It is shown this once; keep it as you keep passwords.\n%s\n"+
		"# Its line, for api-keys of the app in the server's configuration. It is no secret.\n%s\n", key, line)
	return err
}

func (c *keyNewCmd) expires(now time.Time) time.Time {
	if c.For <= 0 {
		return time.Time{}
	}
	return now.Add(c.For).UTC().Truncate(time.Second)
}

// keyHashCmd prints the line of a key that exists.
type keyHashCmd struct {
	Scope string `help:"backend, ops or admin." enum:"backend,ops,admin" default:"backend"`
}

// Run reads the key where no list of processes and no shell's history shows it.
func (c *keyHashCmd) Run(o out) error {
	text, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if text == "" && err != nil {
		return fmt.Errorf("reading the key from standard input: %w", err)
	}
	line, err := auth.HashAPIKey(strings.TrimSpace(text), auth.Scope(c.Scope), time.Time{})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(o, line)
	return err
}
