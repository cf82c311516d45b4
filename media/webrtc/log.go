package webrtc

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// loggers passes what pion logs to slog, at level debug whatever pion thinks of it: a lost packet is no
// error of the program.
type loggers struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (l loggers) NewLogger(scope string) logging.LeveledLogger {
	return logger{l.log.With("pion", scope)}
}

type logger struct{ log *slog.Logger }

func (l logger) print(level, msg string) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(msg, "pionLevel", level)
	}
}

func (l logger) printf(level, format string, args []any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(fmt.Sprintf(format, args...), "pionLevel", level)
	}
}

func (l logger) Trace(string)                      {}
func (l logger) Tracef(string, ...any)             {}
func (l logger) Debug(msg string)                  { l.print("debug", msg) }
func (l logger) Debugf(format string, args ...any) { l.printf("debug", format, args) }
func (l logger) Info(msg string)                   { l.print("info", msg) }
func (l logger) Infof(format string, args ...any)  { l.printf("info", format, args) }
func (l logger) Warn(msg string)                   { l.print("warn", msg) }
func (l logger) Warnf(format string, args ...any)  { l.printf("warn", format, args) }
func (l logger) Error(msg string)                  { l.print("error", msg) }
func (l logger) Errorf(format string, args ...any) { l.printf("error", format, args) }
