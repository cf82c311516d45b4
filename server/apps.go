package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/server/auth"
)

// SetApps exchanges the apps and their keys while the server runs: keys can be brought in and taken away, apps added
// and removed. From its return on nothing is let in that the new apps do not allow, and event streams that were opened
// with a token or an API key that is no longer good end, so that their devices come back with a good one. Calls under
// way go on, also those of an app that is gone. It changes nothing if it returns an error, which says what is wrong
// with apps. It does not block.
func (s *Server) SetApps(apps []App) error {
	apps, err := completeApps(apps)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if err := s.verifier.Replace(known(apps)...); err != nil {
		return err
	}
	s.apps.Store(byID(apps))
	s.gate.recheck()
	return nil
}

// app returns an app, the zero App if there is none (any more).
func (s *Server) app(id string) App { return (*s.apps.Load())[id] }

// CheckApps returns what is wrong with apps, as [New] and [Server.SetApps] would.
func CheckApps(apps []App) error {
	_, err := completeApps(apps)
	return err
}

// completeApps returns apps with their defaults, or what is wrong with them.
func completeApps(apps []App) ([]App, error) {
	if len(apps) == 0 {
		return nil, errors.New("there is no app: give at least one with a key")
	}
	apps = append([]App(nil), apps...)
	for i := range apps {
		a := &apps[i]
		if err := a.completeTelling(); err != nil {
			return nil, fmt.Errorf("app %q: %w", a.ID, err)
		}
		orDefault(&a.RingTimeout, 45*time.Second)
		if a.RingTimeout < 5*time.Second || a.RingTimeout > 58*time.Second {
			return nil, fmt.Errorf("app %q rings for %s: it must be 5-58 s, below the system's own 60 s", a.ID, a.RingTimeout)
		}
		if err := errors.Join(a.RingPlan.check(), a.Limits.check(), a.completeCarriers()); err != nil {
			return nil, fmt.Errorf("app %q: %w", a.ID, err)
		}
		switch a.BlockedAs {
		case call.NotEnded:
			a.BlockedAs = call.Declined
		case call.Declined, call.Unanswered, call.Blocked:
		default:
			return nil, fmt.Errorf("app %q tells a blocked caller %s: it is declined, unanswered or blocked", a.ID, a.BlockedAs)
		}
	}
	return apps, nil
}

func byID(apps []App) *map[string]App {
	all := make(map[string]App, len(apps))
	for _, a := range apps {
		all[a.ID] = a
	}
	return &all
}

func known(apps []App) []auth.App {
	all := make([]auth.App, 0, len(apps))
	for _, a := range apps {
		all = append(all, auth.App{ID: a.ID, Keys: a.Keys, APIKeys: a.APIKeys, Audience: a.Audience, ActionSecret: a.ActionSecret})
	}
	return all
}
