package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

// problem returns an error as the wire has it: a Connect code, a text that says what is wrong and what to do, and a
// CallProblem with the stable slug and the truth about the call (nil if there is none to tell).
func problem(code connect.Code, slug, hint string, call *v1.Call, format string, args ...any) *connect.Error {
	text := fmt.Sprintf(format, args...)
	if hint != "" {
		text += "; " + hint
	}
	err := connect.NewError(code, errors.New(text))
	if detail, wrong := connect.NewErrorDetail(&v1.CallProblem{Code: slug, Call: call, Hint: hint}); wrong == nil {
		err.AddDetail(detail)
	}
	return err
}

// invalid is the problem of a request that can never succeed.
func invalid(hint, format string, args ...any) *connect.Error {
	return problem(connect.CodeInvalidArgument, "invalid_argument", hint, nil, format, args...)
}

func unknownCall(id string) *connect.Error {
	return problem(connect.CodeNotFound, "unknown_call", "it may have ended long ago: see ListHistory", nil, "there is no call %.64q for you", id)
}

// failed turns an error of the store into one of the wire. Errors that are the wire's already stay as they are.
func (s *Server) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	if wire := (*connect.Error)(nil); errors.As(err, &wire) {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return problem(connect.CodeCanceled, "cancelled", "", nil, "%s: the request was given up", doing)
	case errors.Is(err, context.DeadlineExceeded):
		return problem(connect.CodeDeadlineExceeded, "too_late", "try again", nil, "%s took too long", doing)
	case errors.Is(err, store.ErrClosed):
		return problem(connect.CodeUnavailable, "server_stopping", "try again", nil, "%s: the server is stopping", doing)
	}
	s.log.Error(doing+" failed", "err", err)
	return problem(connect.CodeUnavailable, "store_failed", "try again; the server's log says more", nil, "%s failed", doing)
}

func stack() string { return string(debug.Stack()) }
