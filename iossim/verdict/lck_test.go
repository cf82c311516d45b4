package verdict_test

import (
	"slices"
	"testing"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/lckapp"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/wrong"
)

// lckSubject is an app in LiveCommunicationKit's words.
type lckSubject struct{ verdict.Subject }

func (s lckSubject) New(line *verdict.Line) callkit.App {
	code := s.Subject.New(line)
	app := lckapp.App{App: code}
	if b, ok := code.(buttons); ok {
		return struct {
			lckapp.App
			buttonsOnly
		}{app, buttonsOnly{b}}
	}
	return app
}

// buttons are all that the right app has.
type buttons interface {
	verdict.Dialer
	verdict.HangUpper
	verdict.Muter
	verdict.Merger
	verdict.Reloader
}

type buttonsOnly struct{ buttons }

// What an app speaks makes no difference to a verdict.
func TestLiveCommunicationKit(t *testing.T) {
	o := verdict.Options{OS: []string{"17.4", "26.4"}}
	v, err := verdict.Examine(func() verdict.Subject { return lckSubject{right.NewSubject(nil)} }, o)
	if err != nil {
		t.Fatal(err)
	}
	if !v.OK() {
		t.Errorf("the right app in LiveCommunicationKit's words is not right:\n%s", v)
	}
	o.OS = o.OS[:1] // the wrong apps have been on more in CallKit's words
	for _, app := range wrong.Apps() {
		if app.Subject != nil || app.Bug == "B30" {
			continue // its bug is on the server's side, in another build, or of iOS 16
		}
		t.Run(app.Bug+"/"+app.Name(), func(t *testing.T) {
			v, err := verdict.Examine(func() verdict.Subject { return lckSubject{app.Make()} }, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := v.BugIDs(); !slices.Contains(got, app.Bug) {
				t.Errorf("found %v\n%s", got, v)
			}
		})
	}
}
