package main

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/alecthomas/kong"

	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/internal/scrub"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
)

// serveCmd runs the server with its embedded defaults: SQLite, and a bus inside the process.
type serveCmd struct {
	Config      kong.ConfigFlag `name:"config" help:"YAML file with these settings, and with several apps if wanted: see ringtrip config example." placeholder:"FILE"`
	Listen      string          `help:"Address to listen on." default:"127.0.0.1:8787"`
	Data        string          `help:"Folder for the database; made if it does not exist." default:"ringtrip-data" placeholder:"DIR"`
	Store       string          `help:"The store, if it is not the database in --data: sqlite:DIR, or postgres://USER:PASSWORD@HOST/NAME, which several nodes may share." placeholder:"STORE"`
	PublicURL   string          `help:"Where phones reach this server, as https://calls.example.com; goes into pushes." placeholder:"URL"`
	App         string          `help:"App id: the issuer (iss) of its users' tokens." default:"app"`
	Key         string          `help:"File with the key that the app's backend signs tokens with: a secret (HS256), or a public key in PEM." placeholder:"FILE"`
	KeyID       string          `help:"Key id (kid) of that key."`
	Audience    string          `help:"Audience (aud) that tokens must name; empty: any."`
	Bundle      []string        `help:"Bundle ids that may register push tokens; none: any."`
	RingTimeout time.Duration   `help:"How long a call rings, 5s to 58s." default:"45s"`
	ICE         string          `help:"ICE servers for WebRTC, as JSON: {\"iceServers\":[…]}." placeholder:"JSON"`
	ApnsKey     string          `help:"File with the .p8 key for APNs; without it no phone is pushed to." placeholder:"FILE"`
	ApnsKeyID   string          `help:"The .p8 key's id, ten letters and digits."`
	ApnsTeam    string          `help:"The Apple team's id, ten letters and digits."`
	Webhook     string          `help:"Where the app's backend is told of calls, legs and devices, as https://backend.example.com/ringtrip; see docs/webhooks.md." placeholder:"URL"`

	WebhookSecret  string `help:"File with the secret that signs webhooks: ringtrip webhook secret makes one." placeholder:"FILE"`
	WebhookPrivate bool   `help:"Allow --webhook to be http, or on an address that is not on the public Internet."`
	MissedCalls    bool   `help:"Tell phones of missed calls by an ordinary notification."`

	KeepHistory time.Duration `help:"How long history is kept, by the calls' age; 0: for ever." default:"2160h"`
	KeepLedger  time.Duration `help:"How long is kept what happened to each call (for trace), by age; 0: for ever." default:"720h"`

	Cluster clusterFlags `embed:""`

	PlantFault string `hidden:"" help:"A fault for tests to find."`

	ApnsProductionURL string `help:"Where APNs is, for ringtrip apns-test; empty: Apple's." placeholder:"URL"`
	ApnsSandboxURL    string `help:"The same for the tokens of development builds." placeholder:"URL"`
	ApnsCA            string `help:"PEM file of the authority that signed its certificate; empty: the system's." placeholder:"FILE"`

	StoreWriters int `help:"With PostgreSQL: connections that commit side by side; 0: one for each two processors, at least 1." default:"0"`
	StoreReaders int `help:"With PostgreSQL: connections that read, at most; 0: four for each processor, at least 8." default:"0"`

	Admin        string        `help:"Address of metrics (/metrics), health (/healthz, /readyz) and profiles (/debug/pprof); :PORT is on 127.0.0.1 only. Empty: none." placeholder:"ADDR"`
	OTLP         string        `name:"otlp" help:"Where traces go by OTLP over HTTP, as http://localhost:4318/v1/traces; empty: to where OTEL_EXPORTER_OTLP_ENDPOINT says, and none if that is not set either." placeholder:"URL"`
	TraceRatio   float64       `help:"Share of the calls that are traced, 0 to 1." default:"1"`
	DrainDelay   time.Duration `help:"How long a stopping node says that it is not ready before it ends its streams: as long as the load balancer takes to notice." default:"0s"`
	DrainTimeout time.Duration `help:"How long requests and pushes under way may then take." default:"15s"`
	Secure       secureFlags   `embed:""`

	LogFormat string `help:"text or json." enum:"text,json" default:"text"`
	LogLevel  string `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	Verbose   bool   `help:"The same as --log-level debug." short:"v"`
}

// Run serves until ctx ends, and then drains.
func (c *serveCmd) Run(ctx context.Context, o out, again reparse) error {
	var level slog.LevelVar
	level.Set(c.level())
	log := c.logger(o, &level)
	configured, err := c.apps()
	if err != nil {
		return err
	}
	metrics := observe.NewMetrics(version())
	b, err := c.build(configured, log, metrics.Alarm)
	if err != nil {
		return err
	}
	people := newApps(b)
	people.alarm = metrics.Alarm
	defer people.close()
	if len(b.senders) == 0 {
		log.Warn("no --apns-key: phones that are not connected will not ring")
	}
	door, err := c.Secure.build(c.Data, c.Listen, log)
	if err != nil {
		return err
	}
	listener, err := rig.Listen(c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	st, dir, err := c.store(ctx, log)
	if err != nil {
		return err
	}
	defer st.Close()
	if dir != "" {
		defer spareProcessor()()
	}
	if people.secret, err = actionSecret(ctx, st, dir); err != nil {
		return err
	}
	node, err := c.Cluster.join(st, log)
	if err != nil {
		return err
	}
	defer node.bus.Close()
	b.use(people.secret)
	watching, seeing, err := c.tracing(ctx, node.id, metrics, log)
	if err != nil {
		return err
	}
	defer watching.close()
	kept, err := planted(st, c.PlantFault)
	if err != nil {
		return err
	}
	s, err := server.New(server.Config{
		Store: kept, Bus: node.bus, NodeID: node.id, Presence: node.presence, Logger: log, PublicURL: c.PublicURL, ICEServers: []byte(c.ICE),
		KeepHistory: cmp.Or(c.KeepHistory, server.Forever), KeepLedger: cmp.Or(c.KeepLedger, server.Forever),
		Apps: b.apps, Push: people.sender, Bounds: door.bounds,
		Observer: watching.Observer, Interceptors: seeing,
	})
	if err != nil {
		return err
	}
	metrics.Watch(s, st)
	node.watch(metrics)
	h := newHealth(s, st, node.bus)
	h.warnings = func() (all []string) {
		for _, a := range metrics.Alarms() {
			all = append(all, a.String())
		}
		return all
	}
	admin, err := c.admin(log, h, metrics)
	if err != nil {
		return err
	}
	stop := onHangup(ctx, func() { c.reload(again, s, people, &level, log) })
	defer stop()
	log.Info("serving ringtrip.v1", "url", door.url(listener), "store", cmp.Or(redact(c.Store), "sqlite:"+c.Data), "pushes", len(b.senders) > 0)
	return service{
		server: s, health: h, admin: admin, delay: c.DrainDelay, timeout: c.DrainTimeout, log: log,
		http: door.harden(rig.HTTPServer(h.beside(s.Handler()), log)), listen: func(h *http.Server) error { return door.serve(h, listener) },
	}.until(ctx)
}

func (c *serveCmd) level() slog.Level {
	var level slog.Level
	if c.Verbose || level.UnmarshalText([]byte(c.LogLevel)) != nil {
		return slog.LevelDebug
	}
	return level
}

// logger logs to o. Records about a call have its id as "call".
func (c *serveCmd) logger(o io.Writer, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(scrub.Handler(slog.NewJSONHandler(o, options)))
	}
	return slog.New(scrub.Handler(slog.NewTextHandler(o, options)))
}

// version is what the binary was built from.
func version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "unknown"
}
