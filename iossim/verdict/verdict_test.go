package verdict_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func rightApp() verdict.Subject { return right.NewSubject(nil) }

func TestRightAppPassesAllTrials(t *testing.T) {
	v, err := verdict.Examine(rightApp, verdict.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(v)
	if !v.OK() {
		t.Error("the right app is not right")
	}
	for _, n := range v.Untried {
		if n.Trial != "push-for-others" { // the right server sends no other pushes
			t.Errorf("not tried: %s: %s", n.Trial, n.Why)
		}
	}
}
