// Package deps holds modules in go.mod that code under way is about to use. It is empty between times.
package deps

import (
	_ "connectrpc.com/otelconnect"
	_ "go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	_ "go.opentelemetry.io/otel/sdk/trace"
	_ "golang.org/x/crypto/acme/autocert"
	_ "golang.org/x/time/rate"
)
