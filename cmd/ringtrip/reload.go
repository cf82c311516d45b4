package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
)

// reparse reads the command line, the environment and the configuration file again, as the program did at its start.
type reparse func() (*cli, error)

// apps are the apps that a server has now, with who pushes for them. A reload replaces them whole.
type apps struct {
	secret []byte // for action tokens
	alarm  onAlarm

	mu  sync.Mutex
	now *built
	old []*built // replaced, but pushes of theirs may be under way
}

func newApps(b *built) *apps { return &apps{now: b} }

// sender is the server's Config.Push.
func (a *apps) sender(app, bundle string) push.Sender {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now.sender(app, bundle)
}

// replace makes b the apps of now. The senders of before are closed when no ring of theirs can be under way any more.
func (a *apps) replace(b *built) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.now
	a.now = b
	a.old = append(a.old, before)
	time.AfterFunc(time.Minute, func() { a.retire(before) })
}

func (a *apps) retire(b *built) {
	a.mu.Lock()
	at := slices.Index(a.old, b)
	if at >= 0 {
		a.old = slices.Delete(a.old, at, at+1)
	}
	a.mu.Unlock()
	if at >= 0 {
		b.close()
	}
}

func (a *apps) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range append(a.old, a.now) {
		b.close()
	}
	a.old = nil
}

// onHangup calls f after each SIGHUP, one after the other, until ctx ends or stop is called. stop waits for f.
func onHangup(ctx context.Context, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-hangups:
				f()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		cancel()
		<-over
	}
}

// reloadable are the settings that a running server takes; the apps of the file are, too.
var reloadable = []string{"App", "Key", "KeyID", "Audience", "Bundle", "RingTimeout", "ApnsKey", "ApnsKeyID", "ApnsTeam",
	"ApnsProductionURL", "ApnsSandboxURL", "ApnsCA", "LogLevel", "Verbose"}

// reload takes over what changed in the configuration and in the files that it names. If anything of it is wrong, all
// stays as it is; what cannot change in a running server is said and left.
func (c *serveCmd) reload(again reparse, s *server.Server, people *apps, level *slog.LevelVar, log *slog.Logger) {
	parsed, err := again()
	if err != nil {
		log.Error("the configuration was not reloaded: all stays as it is", "err", err)
		return
	}
	next := &parsed.Serve
	configured, err := next.apps()
	if err != nil {
		log.Error("the configuration was not reloaded: all stays as it is", "err", err)
		return
	}
	b, err := next.build(configured, log, people.alarm)
	if err != nil {
		log.Error("the configuration was not reloaded: all stays as it is", "err", err)
		return
	}
	b.use(people.secret)
	if err := s.SetApps(b.apps); err != nil {
		b.close()
		log.Error("the configuration was not reloaded: all stays as it is", "err", err)
		return
	}
	people.replace(b)
	level.Set(next.level())
	for _, name := range c.fixed(next) {
		log.Warn("this setting changed in the configuration, but only a restart takes it over", "setting", name)
	}
	log.Info("the configuration was reloaded", "apps", len(b.apps))
}

// fixed are the settings in which next differs from c but that a running server can't change. Their values are not
// told: some are secrets.
func (c *serveCmd) fixed(next *serveCmd) []string {
	var names []string
	was, is := reflect.ValueOf(c).Elem(), reflect.ValueOf(next).Elem()
	for i := range was.NumField() {
		f := was.Type().Field(i)
		if !f.IsExported() || slices.Contains(reloadable, f.Name) || reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			continue
		}
		names = append(names, f.Name)
	}
	return names
}
