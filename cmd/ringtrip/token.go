package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/server/auth"
)

// tokenCmd mints a token, as the app's backend does in production.
type tokenCmd struct {
	User     string        `help:"User id; not needed with the scopes backend, ops and admin."`
	Name     string        `help:"The user's name, for people."`
	App      string        `help:"App id, as in serve." default:"app"`
	Key      string        `help:"File with the app's signing key: a secret of 32 bytes or more (HS256), or a private key in PEM (ES256, EdDSA)." required:"" placeholder:"FILE"`
	KeyID    string        `help:"Key id, if the server knows several."`
	Scope    string        `help:"user; device, for one device of the user; backend, to call in the name of users and read; ops, to look at ledgers and end calls; admin." enum:"user,device,backend,ops,admin" default:"user"`
	Device   string        `help:"Device id, with --scope device."`
	Audience string        `help:"Audience (aud), if the server wants one."`
	For      time.Duration `help:"How long the token is good." default:"1h"`
}

// Run prints the token and nothing else.
func (c *tokenCmd) Run(o out) error {
	key, err := readKey(c.KeyID, c.Key)
	if err != nil {
		return err
	}
	token, err := auth.Mint(key, auth.Claims{
		App: c.App, User: c.User, Name: c.Name, Scope: auth.Scope(c.Scope), Device: c.Device, Audience: c.Audience, Expires: time.Now().Add(c.For),
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(o, token)
	return err
}

// readKey reads a key file: PEM is a key pair or a public key, anything else a secret.
func readKey(id, file string) (auth.Key, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return auth.Key{}, fmt.Errorf("reading the app's key: %w", err)
	}
	return parseKey(id, file, string(text))
}

// parseKey reads a key that came from somewhere.
func parseKey(id, from, text string) (auth.Key, error) {
	secret := strings.TrimSpace(text)
	var key auth.Key
	var err error
	if strings.HasPrefix(secret, "-----BEGIN") {
		key, err = auth.ParseKey(id, []byte(secret))
	} else {
		key, err = auth.HS256(id, []byte(secret))
	}
	if err != nil {
		return auth.Key{}, fmt.Errorf("%s: %w", from, err)
	}
	return key, nil
}
