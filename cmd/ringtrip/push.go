package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/signaling"
	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

// pushCmd sends a VoIP push for a test and explains the answer.
type pushCmd struct {
	serveCmd
	Device      string        `help:"The VoIP token of the device, in hexadecimal digits." placeholder:"TOKEN" xor:"whom"`
	User        string        `help:"Push to all devices of this user, as the store has them; a server must not be running on it." xor:"whom"`
	Environment string        `help:"Where the token is valid: production, or sandbox for development builds." enum:"production,sandbox" default:"production"`
	BundleID    string        `help:"The app's bundle id; not needed if the app has one only."`
	Name        string        `help:"Who calls." default:"ringtrip test"`
	RingFor     time.Duration `help:"How long the test call may ring." default:"30s"`
}

// Help is the long text of --help.
func (c *pushCmd) Help() string {
	return "Give it serve's own flags, environment and --config. The phone rings as for a call, asks the server about it, and stops, for there is no such call."
}

// target is whom to push to.
type target struct {
	name, token, bundle string
	environment         push.Environment
}

// Run sends and explains. It fails if APNs took none.
func (c *pushCmd) Run(ctx context.Context, o out) error {
	list, err := c.apps()
	if err != nil {
		return err
	}
	a := list[0]
	if len(list) > 1 {
		at := slices.IndexFunc(list, func(a appConfig) bool { return a.ID == c.App })
		if at < 0 {
			return fmt.Errorf("there are several apps: choose one with --app, of %s", strings.Join(ids(list), ", "))
		}
		a = list[at]
	}
	b, err := c.build([]appConfig{a}, nil, nil)
	if err != nil {
		return err
	}
	defer b.close()
	targets, err := c.targets(ctx, a)
	if err != nil {
		return err
	}
	took := false
	for _, t := range targets {
		sender := b.sender(a.ID, t.bundle)
		if sender == nil {
			return fmt.Errorf("app %q has no APNs key for %s: give --apns-key, --apns-key-id and --apns-team, or apns in the list of apps", a.ID, t.bundle)
		}
		ok, err := c.send(ctx, o, sender, t)
		if err != nil {
			return err
		}
		took = took || ok
	}
	if !took {
		return errFailed
	}
	return nil
}

func ids(list []appConfig) (all []string) {
	for _, a := range list {
		all = append(all, a.ID)
	}
	return all
}

// targets are the devices that the flags mean.
func (c *pushCmd) targets(ctx context.Context, a appConfig) ([]target, error) {
	bundle := c.BundleID
	if bundle == "" && len(a.BundleIDs) == 1 {
		bundle = a.BundleIDs[0]
	}
	if c.User != "" {
		return c.devices(ctx, a, bundle)
	}
	if c.Device == "" {
		return nil, errors.New("whom? Give --device TOKEN, or --user for all devices of one")
	}
	if bundle == "" {
		return nil, fmt.Errorf("which bundle id? Give --bundle-id; app %q has %q", a.ID, a.BundleIDs)
	}
	env := push.Production
	if c.Environment == "sandbox" {
		env = push.Sandbox
	}
	return []target{{name: "the device", token: strings.ToLower(c.Device), bundle: bundle, environment: env}}, nil
}

// devices reads a user's devices from the store.
func (c *pushCmd) devices(ctx context.Context, a appConfig, bundle string) ([]target, error) {
	st, _, err := c.store(ctx, slog.New(slog.DiscardHandler))
	if errors.Is(err, sqlite.ErrInUse) {
		return nil, fmt.Errorf("%w. --user reads the store itself: stop the server, or give --device TOKEN", err)
	}
	if err != nil {
		return nil, err
	}
	defer st.Close()
	devices, err := st.DevicesOfUser(ctx, a.ID, c.User)
	if err != nil {
		return nil, err
	}
	var all []target
	for _, d := range devices {
		if d.VoIPToken != "" {
			all = append(all, target{name: deviceName(d), token: d.VoIPToken, bundle: orText(d.BundleID, bundle), environment: push.Environment(d.Environment)})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("user %q of app %q has %d device(s), none with a push token: its app must call RegisterDevice with PushKit's token", c.User, a.ID, len(devices))
	}
	return all, nil
}

func deviceName(d store.Device) string { return orText(d.Name, d.ID) }

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func newUUID() string { return server.NewCallID(time.Now(), 0) }

// send pushes to one device and says what came of it.
func (c *pushCmd) send(ctx context.Context, o out, sender push.Sender, t target) (bool, error) {
	now := time.Now()
	id, err := callkit.ParseUUID(newUUID())
	if err != nil {
		return false, err
	}
	payload, err := signaling.Payload{
		CallID: id, CallerName: c.Name, Handle: "ringtrip", HandleType: callkit.Generic, SentAt: now.UnixMilli(), ExpiresAt: now.Add(c.RingFor).UnixMilli(), Server: c.PublicURL,
	}.MarshalPush()
	if err != nil {
		return false, err
	}
	fmt.Fprintf(o, "push to %s (%.8s…), topic %s.voip, %s, %d bytes, call %s\n", t.name, t.token, t.bundle, t.environment, len(payload), id)
	r, err := sender.Send(ctx, push.Push{
		ID: newUUID(), BundleID: t.bundle, Token: t.token, Environment: t.environment, Payload: payload, Deadline: now.Add(c.RingFor),
	})
	if err == nil {
		fmt.Fprintf(o, "  accepted    200 after %s, %d attempt(s), apns-id %s\n", r.Latency.Round(time.Millisecond), r.Attempts, r.ID)
		if r.UniqueID != "" {
			fmt.Fprintf(o, "  look it up  apns-unique-id %s, in Apple's Push Notifications Console\n", r.UniqueID)
		}
		if r.Environment != 0 && r.Environment != t.environment {
			fmt.Fprintf(o, "  note        the token is valid in %s, not in %s: register it with that environment\n", r.Environment, t.environment)
		}
		fmt.Fprint(o, "  means       APNs took it, and drops it if the phone cannot be reached now. It does not say that the phone has it.\n"+
			"  no ring?    The phone is off or offline; iOS stopped delivering after pushes that were not reported as calls (reinstall the app);\n"+
			"              the app crashed before its report (its crash log says 0xBAADCA11); a Focus silences it.\n")
		return true, nil
	}
	why := (*push.Error)(nil)
	if !errors.As(err, &why) {
		return false, err
	}
	x := explain(why)
	fmt.Fprintf(o, "  refused     %d %s after %d attempt(s)\n", why.Status, why.Reason, why.Attempts)
	if !why.Timestamp.IsZero() {
		fmt.Fprintf(o, "  since       %s\n", why.Timestamp.UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(o, "  means       %s\n  to do       %s\n", x.means, x.do)
	return false, nil
}
