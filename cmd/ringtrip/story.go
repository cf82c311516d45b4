package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/iossim"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// The phones of the story.
const (
	alice = "alice-1"
	bob   = "bob-1"
	bob2  = "bob-2"
	carol = "carol-1"
)

// story plays calls on a lab and writes down, step by step, whether what must happen happened. A step that does
// not come true fails the story, which goes on with the next chapter.
type story struct {
	ctx   context.Context
	lab   *rig.Lab
	ops   ringtripv1connect.OpsServiceClient
	out   out
	quiet bool // only the JSON at the end
	began time.Time

	chapter string
	broken  bool // this chapter cannot go on
	Steps   []storyStep
}

// storyStep is one line of the story.
type storyStep struct {
	Chapter string  `json:"chapter"`
	Step    string  `json:"step"`
	Ms      float64 `json:"ms"` // since the chapter began
	OK      bool    `json:"ok"`
	Detail  string  `json:"detail,omitempty"`
}

const patience = 8 * time.Second // a step takes milliseconds; this is for machines under load

func newStory(ctx context.Context, lab *rig.Lab, o out, quiet bool) (*story, error) {
	token, err := lab.Token("", "", auth.Ops)
	if err != nil {
		return nil, err
	}
	ops := ringtripv1connect.NewOpsServiceClient(http.DefaultClient, lab.URL, connect.WithInterceptors(rig.Bearer(token)))
	return &story{ctx: ctx, lab: lab, ops: ops, out: o, quiet: quiet}, nil
}

// tell begins a chapter and plays it.
func (s *story) tell(title string, play func()) {
	s.chapter, s.broken, s.began = title, false, time.Now()
	s.printf("\n%s\n", title)
	play()
	s.calm()
}

func (s *story) printf(format string, args ...any) {
	if !s.quiet {
		fmt.Fprintf(s.out, format, args...)
	}
}

// step waits until ok holds and writes it down. detail may add a word once it does.
func (s *story) step(text string, ok func() bool, detail ...func() string) {
	if s.broken {
		return
	}
	err := s.lab.Await(s.ctx, patience, ok)
	st := storyStep{Chapter: s.chapter, Step: text, Ms: float64(time.Since(s.began).Microseconds()) / 1000, OK: err == nil}
	if err == nil && len(detail) > 0 {
		st.Detail = detail[0]()
	}
	if err != nil {
		st.Detail = s.whatIs()
	}
	s.note(st)
}

// do does something that must not be refused.
func (s *story) do(text string, act func() error) {
	if s.broken {
		return
	}
	err := act()
	st := storyStep{Chapter: s.chapter, Step: text, Ms: float64(time.Since(s.began).Microseconds()) / 1000, OK: err == nil}
	if err != nil {
		st.Detail = err.Error()
	}
	s.note(st)
}

func (s *story) note(st storyStep) {
	s.Steps = append(s.Steps, st)
	mark := "✓"
	if !st.OK {
		mark, s.broken = "✗", true
	}
	line := fmt.Sprintf("  %s %9.1f ms  %s", mark, st.Ms, st.Step)
	if st.Detail != "" {
		line += "  (" + st.Detail + ")"
	}
	s.printf("%s\n", line)
}

// whatIs describes the lab for a step that did not come true.
func (s *story) whatIs() string {
	var b strings.Builder
	b.WriteString("did not happen; ")
	for _, id := range []string{alice, bob, bob2} {
		d := s.lab.Devices[id]
		screen := d.Phone.Screen()
		fmt.Fprintf(&b, "%s shows %s", id, screen.Kind)
		if e := d.Engine(); e != nil {
			for _, c := range e.Calls() {
				fmt.Fprintf(&b, " [%s %v %s transport %v]", c.ID.String()[:8], c.State, c.Reason, c.Transport)
			}
		}
		b.WriteString("; ")
	}
	entries := s.lab.Entries()
	b.WriteString("last lines of the system log:\n")
	for _, e := range entries[max(0, len(entries)-25):] {
		b.WriteString("      " + e.String() + "\n")
	}
	return b.String()
}

// calm ends what a chapter left over and brings the world back to rest.
func (s *story) calm() {
	for _, d := range s.lab.Devices {
		d.SetOnline(true)
		d.Phone.SetFocus("")
		if e := d.Engine(); e != nil {
			for _, c := range e.Calls() {
				if c.State != call.Ended {
					_ = e.End(c.ID)
				}
			}
		}
	}
	_ = s.lab.Await(s.ctx, patience, func() bool {
		for id, d := range s.lab.Devices {
			if s.ringing(id) || s.inCall(id) {
				if s.broken {
					_ = d.Phone.End()
				}
				return false
			}
		}
		return true
	})
	for _, d := range s.lab.Devices {
		_ = d.Phone.Home()
	}
	s.lab.Forget()
}

// ok reports whether every step came true.
func (s *story) ok() bool {
	for _, st := range s.Steps {
		if !st.OK {
			return false
		}
	}
	return len(s.Steps) > 0
}

// json prints the story for machines.
func (s *story) json() error {
	enc := json.NewEncoder(s.out)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		OK    bool        `json:"ok"`
		Steps []storyStep `json:"steps"`
	}{s.ok(), s.Steps})
}

// What the phones show and do.

func (s *story) screen(id string) iossim.Screen { return s.lab.Devices[id].Phone.Screen() }

func (s *story) ringing(id string) bool { return s.screen(id).Ringing() }

func (s *story) inCall(id string) bool {
	c := s.screen(id).Call
	return c != nil && !s.ringing(id) && s.screen(id).Kind != iossim.ScreenCallFailed
}

func (s *story) audio(id string) bool {
	c := s.screen(id).Call
	return c != nil && c.Audio
}

// talks reports whether a phone's own engine has its call answered and connected.
func (s *story) talks(id string) bool {
	c, ok := s.call(id)
	return ok && c.State == call.Connected
}

// call returns the phone's newest call as its engine knows it.
func (s *story) call(id string) (phone.Call, bool) {
	e := s.lab.Devices[id].Engine()
	if e == nil {
		return phone.Call{}, false
	}
	calls := e.Calls()
	if len(calls) == 0 {
		return phone.Call{}, false
	}
	return calls[len(calls)-1], true
}

// logged counts the lines of a phone's system log since a position that contain text.
func (s *story) logged(from int, id, text string) int {
	n := 0
	for _, e := range s.lab.Entries()[from:] {
		if e.Phone == id && strings.Contains(e.Text, text) {
			n++
		}
	}
	return n
}

// marked reports whether a device made a mark for a call.
func (s *story) marked(id string, stage v1.Stage, callID string) bool {
	for _, m := range s.lab.Marks() {
		if m.Device == id && m.Stage == stage && m.CallID.String() == callID {
			return true
		}
	}
	return false
}

// ledger returns the server's ledger of a call.
func (s *story) ledger(callID string) *v1.GetLedgerResponse {
	r, err := s.ops.GetLedger(s.ctx, connect.NewRequest(&v1.GetLedgerRequest{CallId: callID}))
	if err != nil {
		return &v1.GetLedgerResponse{}
	}
	return r.Msg
}

// ended reports whether the ledger has a leg ended for a reason; an empty device is the call.
func ended(l *v1.GetLedgerResponse, device string, reason call.Reason) bool {
	stage := v1.Stage_STAGE_ENDED
	if device == "" {
		stage = v1.Stage_STAGE_CALL_ENDED
	}
	for _, e := range l.Entries {
		if e.Stage == stage && e.DeviceId == device && call.Reason(e.Reason) == reason {
			return true
		}
	}
	return false
}

func has(l *v1.GetLedgerResponse, device string, stage v1.Stage) bool {
	for _, e := range l.Entries {
		if e.Stage == stage && e.DeviceId == device {
			return true
		}
	}
	return false
}
