package push_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ringtrip/ringtrip/push"
)

func TestErrorSaysWhatToDo(t *testing.T) {
	for want, e := range map[string]*push.Error{
		"push: APNs answered 410 Unregistered after 1 attempt(s): forget the token":                 {Status: 410, Reason: "Unregistered", Attempts: 1, Hint: "forget the token"},
		"push: no answer from APNs (connection lost) after 3 attempt(s): context canceled: ring on": {Reason: "connection lost", Attempts: 3, Err: context.Canceled, Hint: "ring on"},
		"push: not sent (bad token): register the device again":                                     {Reason: "bad token", Hint: "register the device again"},
		"push: not sent (deadline passed): context deadline exceeded":                               {Reason: "deadline passed", Err: context.DeadlineExceeded},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestErrorUnwraps(t *testing.T) {
	err := fmt.Errorf("ringing: %w", &push.Error{Err: context.Canceled})
	var e *push.Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) {
		t.Errorf("%v hides its cause", err)
	}
}

func TestEnvironmentNames(t *testing.T) {
	for env, want := range map[push.Environment]string{push.Production: "production", push.Sandbox: "sandbox", 7: "Environment(7)"} {
		if env.String() != want {
			t.Errorf("%s, want %s", env, want)
		}
	}
	if push.Production != 1 || push.Sandbox != 2 {
		t.Error("the numbers are stored: they can't change")
	}
}
