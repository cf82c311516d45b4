package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/sync/errgroup"

	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// serveCmd runs the server with its embedded defaults: SQLite, and a bus inside the process.
type serveCmd struct {
	Config      kong.ConfigFlag `name:"config" help:"Read flags from a JSON file." placeholder:"FILE"`
	Listen      string          `help:"Address to listen on." default:"127.0.0.1:8787"`
	Data        string          `help:"Folder for the database; made if it does not exist." default:"ringtrip-data" placeholder:"DIR"`
	PublicURL   string          `help:"Where phones reach this server, as https://calls.example.com; goes into pushes." placeholder:"URL"`
	App         string          `help:"App id: the issuer (iss) of its users' tokens." default:"app"`
	Key         string          `help:"File with the key that the app's backend signs tokens with: a secret (HS256), or a public key in PEM." required:"" placeholder:"FILE"`
	KeyID       string          `help:"Key id (kid) of that key."`
	Audience    string          `help:"Audience (aud) that tokens must name; empty: any."`
	Bundle      []string        `help:"Bundle ids that may register push tokens; none: any."`
	RingTimeout time.Duration   `help:"How long a call rings, 5s to 58s." default:"45s"`
	ICE         string          `help:"ICE servers for WebRTC, as JSON: {\"iceServers\":[…]}." placeholder:"JSON"`
	ApnsKey     string          `help:"File with the .p8 key for APNs; without it no phone is pushed to." placeholder:"FILE"`
	ApnsKeyID   string          `help:"The .p8 key's id, ten letters and digits."`
	ApnsTeam    string          `help:"The Apple team's id, ten letters and digits."`
	KeepHistory time.Duration   `help:"How long history is kept, by the calls' age; 0: for ever." default:"2160h"`
	KeepLedger  time.Duration   `help:"How long is kept what happened to each call (for trace), by age; 0: for ever." default:"720h"`
	Verbose     bool            `help:"Log more." short:"v"`
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, o out) error {
	level := slog.LevelInfo
	if c.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(o, &slog.HandlerOptions{Level: level}))
	key, err := readKey(c.KeyID, c.Key)
	if err != nil {
		return err
	}
	sender, err := c.sender(log)
	if err != nil {
		return err
	}
	if sender != nil {
		defer sender.Close()
	}
	listener, err := rig.Listen(c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	st, err := sqlite.Open(ctx, sqlite.Config{Dir: c.Data, Logger: log})
	if err != nil {
		return err
	}
	defer st.Close()
	secret, err := actionSecret(ctx, st, c.Data)
	if err != nil {
		return err
	}
	wakes := local.New()
	defer wakes.Close()
	s, err := server.New(server.Config{
		Store: st, Bus: wakes, Logger: log, PublicURL: c.PublicURL, ICEServers: []byte(c.ICE),
		KeepHistory: cmp.Or(c.KeepHistory, server.Forever), KeepLedger: cmp.Or(c.KeepLedger, server.Forever),
		Apps: []server.App{{
			ID: c.App, Keys: []auth.Key{key}, Audience: c.Audience, ActionSecret: secret,
			BundleIDs: c.Bundle, RingTimeout: c.RingTimeout,
		}},
		Push: func(string, string) push.Sender {
			if sender == nil {
				return nil
			}
			return sender
		},
	})
	if err != nil {
		return err
	}
	log.Info("serving ringtrip.v1", "url", "http://"+listener.Addr().String(), "data", c.Data, "pushes", sender != nil)
	return serve(ctx, s, rig.HTTPServer(s.Handler(), log), func(h *http.Server) error { return h.Serve(listener) })
}

// serve runs a server and its HTTP face until ctx ends, then lets requests under way finish.
func serve(ctx context.Context, s *server.Server, h *http.Server, listen func(*http.Server) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Run(ctx) })
	group.Go(func() error {
		if err := listen(h); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		s.Close()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if h.Shutdown(last) != nil {
			return h.Close()
		}
		return nil
	})
	return group.Wait()
}

func (c *serveCmd) sender(log *slog.Logger) (*apns.Sender, error) {
	if c.ApnsKey == "" {
		log.Warn("no --apns-key: phones that are not connected will not ring")
		return nil, nil
	}
	p8, err := os.ReadFile(c.ApnsKey)
	if err != nil {
		return nil, fmt.Errorf("reading the APNs key: %w", err)
	}
	return apns.New(apns.Config{Key: p8, KeyID: c.ApnsKeyID, TeamID: c.ApnsTeam, Logger: log})
}
