package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/web"
)

// demoCmd is the main job in one process: a server, an APNs, two simulated iPhones of Bob's, and a page (or, with
// --headless, a third iPhone) to call them from.
type demoCmd struct {
	Listen   string `help:"Address of the page." default:"127.0.0.1:8787"`
	Data     string `help:"Folder for the database; a temporary one if empty." placeholder:"DIR"`
	OS       string `help:"Version of iOS on Bob's phones." default:"26.4"`
	Play     string `help:"A WAV file that Bob's first iPhone says instead of its melody." placeholder:"FILE"`
	Record   string `help:"A WAV file for what Bob's first iPhone hears." placeholder:"FILE"`
	Carrier  string `help:"Who carries the calls: twilio, vonage, vonage-video, livekit, agora, daily or webrtc, each an emulator on this machine; empty: the devices between themselves." placeholder:"NAME"`
	Headless bool   `help:"Play the whole story without a page, print each step, fail if one did not happen."`
	JSON     bool   `help:"With --headless: print the story as JSON."`
	Verbose  bool   `help:"Log what the server and the phones do." short:"v"`
}

// Run plays the demo until ctx ends, or the story to its end.
func (c *demoCmd) Run(ctx context.Context, o out) error {
	logger := slog.New(slog.DiscardHandler)
	if c.Verbose {
		logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	bobs := rig.Owner{User: "bob", Name: "Bob", Phones: []rig.PhoneSpec{
		{ID: bob, Name: "Bob's iPhone", OS: c.OS, Play: c.Play, Record: c.Record},
		{ID: bob2, Name: "Bob's old iPhone", OS: c.OS},
	}}
	if c.Headless && c.Play != "" {
		return errors.New("--play goes with the page: the headless story knows Bob's iPhone by its own melody")
	}
	if c.Headless {
		return c.headless(ctx, o, logger, bobs)
	}
	page := rig.NewPage(web.Handler())
	page.Handle("/demo/scenarios", scenarioPage())
	page.Handle("/demo/scenarios/", scenarioPage())
	lab, err := rig.NewLab(ctx, rig.LabConfig{
		Node: rig.NodeConfig{Listen: c.Listen, Dir: c.Data, Page: page, Carrier: c.Carrier}, Owners: []rig.Owner{bobs, carols(c.OS)}, Logger: logger,
	})
	if err != nil {
		return err
	}
	defer lab.Close()
	if err := show(ctx, page, lab); err != nil {
		return err
	}
	fmt.Fprintf(o, "ringtrip demo: open %s and call Bob. Ctrl-C ends it.\n", lab.URL)
	if c.Carrier != "" {
		fmt.Fprintf(o, "Calls go through %s, an emulator of it on this machine; Carol's iPhone calls Bob.\n", c.Carrier)
	}
	fmt.Fprintf(o, "His iPhones are simulated, asleep and locked; a real VoIP push over HTTP/2 wakes them.\n")
	<-ctx.Done()
	return nil
}

// carols is the second caller of the page, with the phone that she calls from.
func carols(os string) rig.Owner {
	return rig.Owner{User: "carol", Name: "Carol", Phones: []rig.PhoneSpec{{ID: carol, Name: "Carol's iPhone", OS: os}}}
}

// show brings the phones to where the page begins, Bob's asleep and Carol's in the app, and binds the page to them.
func show(ctx context.Context, page *rig.Page, lab *rig.Lab) error {
	for _, id := range []string{bob, bob2} {
		if err := asleep(ctx, lab.Devices[id]); err != nil {
			return err
		}
	}
	if err := lab.Devices[carol].Phone.OpenApp(rig.Bundle); err != nil {
		return err
	}
	if err := lab.Devices[carol].Registered(ctx); err != nil {
		return err
	}
	page.Second(lab.Devices[carol])
	page.Bind(lab, rig.Party{User: "alice", Name: "Alice"}, rig.Party{User: "bob", Name: "Bob"}, bob, bob2)
	return nil
}

// asleep starts the app once, so that the phone is registered and has a push token, then swipes it away and
// locks the phone.
func asleep(ctx context.Context, d *rig.Device) error {
	if err := d.Phone.OpenApp(rig.Bundle); err != nil {
		return err
	}
	if err := d.Registered(ctx); err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	for _, do := range []func() error{d.Phone.Home, func() error { return d.Phone.SwipeApp(rig.Bundle) }, d.Phone.Lock} {
		if err := do(); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return nil
}

// headless plays the story.
func (c *demoCmd) headless(ctx context.Context, o out, logger *slog.Logger, bobs rig.Owner) error {
	listen := c.Listen
	if listen == "127.0.0.1:8787" {
		listen = "" // nobody looks at it: any free port will do
	}
	alices := rig.Owner{User: "alice", Name: "Alice", Phones: []rig.PhoneSpec{{ID: alice, Name: "Alice's iPhone", OS: c.OS}}}
	if c.Carrier != "" {
		return c.carrierStory(ctx, o, logger, []rig.Owner{alices, bobs})
	}
	lab, err := rig.NewLab(ctx, rig.LabConfig{
		Node:   rig.NodeConfig{Listen: listen, Dir: c.Data, StoreAtAPNs: true},
		Owners: []rig.Owner{alices, bobs},
		Logger: logger,
	})
	if err != nil {
		return err
	}
	defer lab.Close()
	s, err := newStory(ctx, lab, o, c.JSON)
	if err != nil {
		return err
	}
	s.printf("ringtrip: Alice calls Bob, who has two iPhones (simulated, iOS %s; real APNs protocol, real audio over WebRTC)\n", c.OS)
	s.tell("Before", s.prepare)
	s.tell("The first call", s.firstCall)
	s.tell("The caller cancels while the phones are offline", s.noGhost)
	s.tell("A push arrives twice", s.doublePush)
	s.tell("The app is killed in the call", s.crash)
	s.tell("Do Not Disturb on one device", s.doNotDisturb)
	return c.finish(s)
}

// finish says how the story went.
func (c *demoCmd) finish(s *story) error {
	if c.JSON {
		if err := s.json(); err != nil {
			return err
		}
	}
	failed := 0
	for _, st := range s.Steps {
		if !st.OK {
			failed++
		}
	}
	s.printf("\n%d of %d steps came true\n", len(s.Steps)-failed, len(s.Steps))
	if !s.ok() {
		return errFailed
	}
	return nil
}
