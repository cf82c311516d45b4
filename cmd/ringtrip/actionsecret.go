package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ringtrip/ringtrip/store"
)

// actionSecretSetting is the setting that holds the secret.
const actionSecretSetting = "action_secret"

// actionSecret returns the deployment's own secret for action tokens, which the first start makes: tokens in pushes
// must be good after a restart, and on every node. It is kept in the store, so that all nodes share it without being
// told, and so that a backup, a restore and a move to another store take it along: calls that ring meanwhile can still
// be answered. A file action.secret in dir, where earlier versions kept it, is taken over; empty dir: there is none.
func actionSecret(ctx context.Context, st store.Settings, dir string) ([]byte, error) {
	var mine []byte
	if dir != "" {
		file := filepath.Join(dir, "action.secret")
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if err == nil && len(text) < 64 {
			return nil, fmt.Errorf("%s is damaged: remove it (rings under way then need a session to answer)", file)
		}
		mine = text
	}
	if mine == nil {
		raw := make([]byte, 32)
		_, _ = rand.Read(raw)
		mine = []byte(hex.EncodeToString(raw))
	}
	secret, err := st.Settle(ctx, actionSecretSetting, mine)
	if err != nil {
		return nil, fmt.Errorf("reading the secret of action tokens: %w", err)
	}
	return secret, nil
}
