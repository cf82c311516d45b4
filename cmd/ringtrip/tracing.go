package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
)

// watching is who observes a server.
type watching struct {
	server.Observer
	close func()
}

// tracing returns who observes the server and its requests: metrics always, traces if somebody wants them.
func (c *serveCmd) tracing(ctx context.Context, node string, m *observe.Metrics, log *slog.Logger) (watching, []connect.Interceptor, error) {
	w, in := watching{Observer: m, close: func() {}}, []connect.Interceptor{m.Interceptor()}
	if c.OTLP == "" && os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return w, in, nil
	}
	exporter, err := observe.OTLP(ctx, c.OTLP)
	if err != nil {
		return w, in, fmt.Errorf("--otlp: %w", err)
	}
	t, err := observe.NewTracing(observe.TraceConfig{Exporter: exporter, Ratio: c.TraceRatio, Node: node, Version: version()})
	if err != nil {
		return w, in, err
	}
	seen, err := t.Interceptors()
	if err != nil {
		return w, in, err
	}
	w.Observer = observe.All(m, t)
	w.close = func() {
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := t.Close(last); err != nil {
			log.Warn("the last traces were not sent", "err", err)
		}
	}
	return w, append(seen, in...), nil
}
