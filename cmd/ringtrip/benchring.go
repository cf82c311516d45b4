package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
	"github.com/ringtrip/ringtrip/media/webrtc"
	"github.com/ringtrip/ringtrip/phone"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// benchRingCmd measures the ring path of whole calls on loopback, one after the other, with durable storage.
type benchRingCmd struct {
	N    int    `help:"How many calls." default:"200"`
	Data string `help:"Folder for the database; put it on the disk that you mean." placeholder:"DIR"`
	JSON bool   `help:"Print JSON, for machines."`
}

// stages of a call that are timed, and the floors beside them.
const (
	spanAccepted = "start → accepted by APNs"
	spanReported = "start → reported"
	spanRinging  = "start → caller hears ringing"
	spanAnswered = "answer → answered at caller"
	spanAudio    = "answer → first audio, both ends"
	floorDisk    = "floor: write + fsync of 4 KiB, same disk"
	floorPush    = "floor: bare HTTP/2 push, same APNs"
	floorAudio   = "floor: bare pion call, warm → first audio"
)

var spans = []string{floorDisk, floorPush, spanAccepted, spanReported, spanRinging, spanAnswered, floorAudio, spanAudio}

// Run measures and prints a table.
func (c *benchRingCmd) Run(ctx context.Context, o out) error {
	dir := c.Data
	if dir == "" {
		tmp, err := os.MkdirTemp("", "ringtrip-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		dir = tmp
	}
	// What the simulated system lets pass by itself is left out: it is ours that is measured.
	now := map[string]string{"launchDelay": "none", "audioDelay": "none"}
	lab, err := rig.NewLab(ctx, rig.LabConfig{
		Node: rig.NodeConfig{Dir: dir},
		Owners: []rig.Owner{
			{User: "alice", Name: "Alice", Phones: []rig.PhoneSpec{{ID: alice, Name: "Alice's iPhone", Knobs: now}}},
			{User: "bob", Name: "Bob", Phones: []rig.PhoneSpec{{ID: bob, Name: "Bob's iPhone", Knobs: now}}},
		},
	})
	if err != nil {
		return err
	}
	defer lab.Close()
	b := &ringBench{ctx: ctx, lab: lab, took: map[string][]time.Duration{}}
	for _, id := range []string{alice, bob} {
		if err := asleep(ctx, lab.Devices[id]); err != nil {
			return err
		}
	}
	if err := lab.Devices[alice].Phone.Unlock(); err != nil {
		return err
	}
	if err := b.floorPush(c.N); err != nil {
		return fmt.Errorf("measuring the push floor: %w", err)
	}
	for i := range 20 {
		if err := b.floorAudio(); err != nil {
			return fmt.Errorf("measuring the audio floor, call %d: %w", i, err)
		}
	}
	for i := range c.N {
		if err := b.call(); err != nil {
			return fmt.Errorf("call %d of %d: %w", i+1, c.N, err)
		}
		// Between the calls, so that the disk's bad moments are in its floor too.
		if err := b.floorDisk(dir, 4); err != nil {
			return fmt.Errorf("measuring the disk: %w", err)
		}
	}
	if c.JSON {
		return b.json(o)
	}
	b.print(o, c.N)
	return nil
}

type ringBench struct {
	ctx  context.Context
	lab  *rig.Lab
	took map[string][]time.Duration
}

func (b *ringBench) add(span string, d time.Duration) { b.took[span] = append(b.took[span], d) }

// call rings Bob's phone from nothing, answers, waits for sound both ways, and hangs up.
func (b *ringBench) call() error {
	a, p := b.lab.Devices[alice], b.lab.Devices[bob]
	if err := a.Phone.OpenApp(rig.Bundle); err != nil {
		return err
	}
	if err := b.lab.Await(b.ctx, patience, func() bool { e := a.Engine(); return e != nil && e.Snapshot().CanStart }); err != nil {
		return fmt.Errorf("the caller's phone is not ready: %w", err)
	}
	pushes, marks := len(b.lab.Pushes()), len(b.lab.Marks())
	b.lab.Forget()
	started := time.Now()
	id, err := a.Engine().Start(phone.StartRequest{Callee: "bob", Name: "Bob"})
	if err != nil {
		return err
	}
	alerting := time.Time{}
	err = b.lab.Await(b.ctx, patience, func() bool {
		if alerting.IsZero() && stateOf(a) == call.Alerting {
			alerting = time.Now()
		}
		return !alerting.IsZero() && p.Phone.Screen().Ringing()
	})
	if err != nil {
		return fmt.Errorf("it did not ring: %w", err)
	}
	b.add(spanRinging, alerting.Sub(started))
	b.add(spanAccepted, b.lab.Pushes()[pushes].At.Sub(started))
	b.add(spanReported, markAt(b.lab.Marks()[marks:], bob, v1.Stage_STAGE_REPORTED).Sub(started))
	answered := time.Now()
	if err := p.Phone.Answer(); err != nil {
		return err
	}
	heard := func() (time.Time, bool) {
		x, y := markAt(b.lab.Marks()[marks:], bob, v1.Stage_STAGE_FIRST_MEDIA), markAt(b.lab.Marks()[marks:], alice, v1.Stage_STAGE_FIRST_MEDIA)
		if x.IsZero() || y.IsZero() {
			return time.Time{}, false
		}
		return slices.MaxFunc([]time.Time{x, y}, time.Time.Compare), true
	}
	told := time.Time{}
	err = b.lab.Await(b.ctx, patience, func() bool {
		if s := stateOf(a); told.IsZero() && (s == call.Connecting || s == call.Connected) {
			told = time.Now()
		}
		_, ok := heard()
		return ok && !told.IsZero()
	})
	if err != nil {
		return fmt.Errorf("no sound both ways: %w", err)
	}
	at, _ := heard()
	b.add(spanAnswered, told.Sub(answered))
	b.add(spanAudio, at.Sub(answered))
	if err := a.Engine().End(id); err != nil {
		return err
	}
	err = b.lab.Await(b.ctx, patience, func() bool {
		return a.Phone.Screen().Call == nil && p.Phone.Screen().Call == nil && stateOf(a) == call.Ended && stateOf(p) == call.Ended
	})
	if err != nil {
		return fmt.Errorf("it did not end: %w", err)
	}
	// Bob's phone sleeps again: the next push launches the app.
	p.Phone.Kill(rig.Bundle, "swiped away between calls")
	return b.lab.Await(b.ctx, patience, func() bool { return p.Phone.Screen().Apps[0].State == "not running" })
}

func stateOf(d *rig.Device) call.State {
	e := d.Engine()
	if e == nil {
		return call.Idle
	}
	calls := e.Calls()
	if len(calls) == 0 {
		return call.Idle
	}
	return calls[len(calls)-1].State
}

func markAt(marks []rig.DeviceMark, device string, stage v1.Stage) time.Time {
	for _, m := range marks {
		if m.Device == device && m.Stage == stage {
			return m.At
		}
	}
	return time.Time{}
}

// floorDisk times the least that a durable commit can cost on the disk of the database.
func (b *ringBench) floorDisk(dir string, n int) error {
	f, err := os.CreateTemp(dir, "floor-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	page := make([]byte, 4096)
	for range n {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		b.add(floorDisk, time.Since(began))
	}
	return nil
}

// floorPush times the least that a push can cost: one HTTP/2 request on a warm connection to the same APNs.
func (b *ringBench) floorPush(n int) error {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.lab.APNs.Roots()}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	token := b.lab.APNs.IssueToken(rig.Bundle, push.Sandbox, func(apnstest.Delivery) {})
	bearer, err := b.lab.ProviderToken()
	if err != nil {
		return err
	}
	for i := range n + 5 {
		began := time.Now()
		r, err := http.NewRequestWithContext(b.ctx, http.MethodPost, b.lab.APNs.URL(push.Sandbox)+"/3/device/"+token, bytes.NewReader([]byte(`{"aps":{}}`)))
		if err != nil {
			return err
		}
		r.Header = http.Header{
			"Authorization": {"bearer " + bearer}, "Apns-Topic": {rig.Bundle + ".voip"}, "Apns-Push-Type": {"voip"},
			"Apns-Priority": {"10"}, "Apns-Expiration": {"0"},
		}
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("APNs answered %s", answer.Status)
		}
		if i >= 5 {
			b.add(floorPush, time.Since(began))
		}
	}
	return nil
}

// floorAudio times two bare media sessions whose transport is up: from the start of the audio at both ends to the
// first sound at both.
func (b *ringBench) floorAudio() error {
	type end struct {
		session media.Session
		events  chan media.Event
	}
	var ends [2]end
	for i, name := range []string{"floor-a", "floor-b"} {
		voice, err := rig.NewVoice(name, "", "")
		if err != nil {
			return err
		}
		f, err := webrtc.NewFactory(webrtc.Config{
			Loopback: true,
			Audio:    func(c media.Config) (audio.Source, audio.Sink, error) { return voice.Open(c) },
		})
		if err != nil {
			return err
		}
		events := make(chan media.Event, 64)
		other := 1 - i
		ends[i].events = events
		ends[i].session, err = f.New(media.Config{
			CallID: "floor", Session: "floor", Role: []media.Role{media.Offerer, media.Answerer}[i],
			Send:   func(m media.Message) { go func() { _ = ends[other].session.Receive(m) }() },
			Notify: func(e media.Event) { events <- e },
		})
		if err != nil {
			return err
		}
	}
	defer ends[0].session.Close()
	defer ends[1].session.Close()
	wait := func(kind media.EventKind) error {
		for i := range ends {
			for {
				select {
				case e := <-ends[i].events:
					if e.Kind == media.Failed {
						return e.Err
					}
					if e.Kind != kind {
						continue
					}
				case <-time.After(patience):
					return fmt.Errorf("event %d did not come", kind)
				case <-b.ctx.Done():
					return b.ctx.Err()
				}
				break
			}
		}
		return nil
	}
	for i := range ends {
		if err := ends[i].session.Prepare(); err != nil {
			return err
		}
	}
	for i := range ends {
		if err := ends[i].session.Warm(); err != nil {
			return err
		}
	}
	if err := wait(media.Connected); err != nil {
		return err
	}
	began := time.Now()
	for i := range ends {
		if err := ends[i].session.StartAudio(); err != nil {
			return err
		}
	}
	if err := wait(media.FirstMedia); err != nil {
		return err
	}
	b.add(floorAudio, time.Since(began))
	return nil
}

func (b *ringBench) figures() []figures {
	var all []figures
	for _, span := range spans {
		if len(b.took[span]) > 0 {
			all = append(all, figuresOf(span, b.took[span]))
		}
	}
	return all
}

func (b *ringBench) json(o out) error {
	enc := json.NewEncoder(o)
	enc.SetIndent("", "  ")
	return enc.Encode(b.figures())
}

func (b *ringBench) print(o out, n int) {
	fmt.Fprintf(o, "ringtrip bench ring: %d calls one after the other, everything in one process on loopback, %d cores, %s %s/%s\n",
		n, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(o, "every transition is on the disk (SQLite, synchronous=FULL) before anybody is told; the app is launched by the push\n\n")
	printFigures(o, b.figures())
}
