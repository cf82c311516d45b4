// Package scrub takes secrets out of what is logged or traced: tokens, API keys, push tokens, private keys, passwords in URLs.
// It is the last line, for texts that come from elsewhere (an error of a library that repeats its URL); code that logs
// a secret on purpose is a mistake that it does not excuse. It refuses to guess: what has no form of its own, as a
// user's name, stays.
package scrub

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
)

// gone stands where a secret stood.
const gone = "[redacted]"

// forms are what secrets look like. has is what each of them has, and texts without it need no closer look.
var forms = []struct {
	has func(string) bool
	is  *regexp.Regexp
	to  string
}{
	{with("PRIVATE KEY-----"), regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`), gone},
	{with("eyJ"), regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), gone},
	{with("rtk_"), regexp.MustCompile(`rtk_([0-9A-Za-z]{8})_[0-9A-Za-z]+`), "rtk_${1}_" + gone}, // the id says which key to take away
	{with("whs"), regexp.MustCompile(`(whsec|whsk)_[A-Za-z0-9+/=_-]+`), "${1}_" + gone},
	{long(14), regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "${1} " + gone},
	{long(60), regexp.MustCompile(`\b[0-9a-fA-F]{60,}\b`), gone}, // push tokens have 64 digits today
	{with("://"), regexp.MustCompile(`(://[^/\s:@]*):[^/\s@]+@`), "${1}:" + gone + "@"},
}

func with(part string) func(string) bool {
	return func(s string) bool { return strings.Contains(s, part) }
}

// long is for a form of at least n bytes; one with a word and a space has more.
func long(n int) func(string) bool {
	return func(s string) bool { return len(s) >= n && (n >= 60 || strings.ContainsAny(s, " \t\n\f\r")) }
}

// names are attributes whose values are secrets whatever they look like.
var names = []string{"authorization", "token", "voip_token", "alert_token", "secret", "password", "api_key", "payload"}

// Text returns s without secrets.
func Text(s string) string {
	for _, f := range forms {
		if !f.has(s) {
			continue
		}
		s = f.is.ReplaceAllString(s, f.to)
	}
	return s
}

// Value returns the text of something that has a name, as an attribute of a span, without secrets.
func Value(name, text string) string {
	if slices.Contains(names, strings.ToLower(name)) {
		return gone
	}
	return Text(text)
}

// Handler returns a handler that passes records on to next without secrets.
func Handler(next slog.Handler) slog.Handler { return handler{next} }

type handler struct{ next slog.Handler }

// Enabled implements slog.Handler.
func (h handler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, Text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(attr(a))
		return true
	})
	return h.next.Handle(ctx, clean)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.next.WithAttrs(all(attrs))}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.next.WithGroup(name)} }

func all(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = attr(a)
	}
	return clean
}

func attr(a slog.Attr) slog.Attr {
	if slices.Contains(names, strings.ToLower(a.Key)) {
		return slog.String(a.Key, gone)
	}
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, Text(v.String()))
	case slog.KindGroup:
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(all(v.Group())...)}
	case slog.KindAny:
		text := fmt.Sprintf("%+v", v.Any())
		if _, isError := v.Any().(error); isError {
			return slog.String(a.Key, Text(text))
		}
		if clean := Text(text); clean != text {
			return slog.String(a.Key, clean)
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}
