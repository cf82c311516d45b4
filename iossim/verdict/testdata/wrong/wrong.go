// Package wrong has one small app for each bug: the right app with the one place changed that matters.
package wrong

import (
	"fmt"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim/verdict"
	"github.com/ringtrip/ringtrip/iossim/verdict/testdata/right"
)

// App is a wrong app: its bug, what else necessarily follows from that one, and how to make it.
type App struct {
	Bug     string
	Follows map[string]string // bug id to reason
	New     func(*right.App) callkit.App
	// Subject makes another subject than the right one's, where the bug is on the server's side.
	Subject func(*right.Subject) verdict.Subject
}

// Name is the name of the app's type.
func (a App) Name() string {
	name := fmt.Sprintf("%T", a.New(new(right.App)))
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Make returns the wrong app for one trial.
func (a App) Make() verdict.Subject {
	s := right.NewSubject(a.New)
	if a.Subject != nil {
		return a.Subject(s)
	}
	return s
}

// Apps are all wrong apps, in the order of their bugs; some bugs have several.
func Apps() []App { return apps }
