package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
)

// nobody is a device token that no device has: APNs gives out random ones.
var nobody = strings.Repeat("0", 64)

// apns looks at one provider key: its shape, the way to APNs, and whether APNs takes it.
func (d *doctor) apns(ctx context.Context, a appConfig, p apnsConfig) {
	what := "app " + a.ID + " apns " + p.KeyID
	for _, b := range p.BundleIDs {
		if strings.HasSuffix(b, ".voip") {
			d.say(failure, what, "give the app's bundle id alone", "the bundle id %s ends in .voip, which the topic gets by itself", b)
		}
	}
	s, err := p.sender(nil, nil)
	if err != nil {
		d.say(failure, what, "put the setting right", "%s", err)
		return
	}
	defer s.Close()
	d.say(fine, what, "", "a P-256 key, key id and team %s have the right shape", p.Team)
	if d.c.Offline {
		d.say(skipped, what, "", "offline: APNs was not asked whether it takes the key")
		return
	}
	trust, err := p.tls()
	if err != nil {
		return // the sender said so
	}
	reached := false
	for _, to := range []struct {
		env  push.Environment
		base string
	}{{push.Production, cmp.Or(p.ProductionURL, apns.ProductionURL)}, {push.Sandbox, cmp.Or(p.SandboxURL, apns.SandboxURL)}} {
		reached = d.reach(ctx, to.env, to.base, trust) || reached
	}
	if !reached {
		d.say(skipped, what, "", "APNs cannot be reached: it was not asked whether it takes the key")
		return
	}
	bundles := p.BundleIDs
	if len(bundles) == 0 {
		bundles = a.BundleIDs
	}
	if len(bundles) == 0 {
		d.say(skipped, what, "list bundle-ids", "without a bundle id there is no topic to try the key with")
	}
	for _, b := range bundles {
		d.dryPush(ctx, what, s, b)
	}
}

// reach connects to a host of APNs and reports whether that worked on 443 or wherever the URL says.
func (d *doctor) reach(ctx context.Context, env push.Environment, base string, trust *tls.Config) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false // the sender has said so
	}
	main, spare := cmp.Or(u.Port(), "443"), ""
	if u.Port() == "" {
		spare = "2197" // Apple: "you can alternatively use port 2197"
	}
	what := "apns " + env.String()
	err = d.dial(ctx, u.Hostname(), main, trust)
	if err == nil {
		d.say(fine, what, "", "%s:%s is reached", u.Hostname(), main)
		return true
	}
	if spare != "" && d.dial(ctx, u.Hostname(), spare, trust) == nil {
		d.say(warning, what, fmt.Sprintf("open port 443, or set %s-url: https://%s:%s", env, u.Hostname(), spare), "only port %s of %s is reached: %s", spare, u.Hostname(), err)
		return true
	}
	d.say(failure, what, "let this machine connect to "+u.Hostname()+" on port 443 or 2197", "%s is not reached: %s", u.Hostname(), err)
	return false
}

func (d *doctor) dial(ctx context.Context, host, port string, trust *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, d.c.Patience)
	defer cancel()
	cfg := &tls.Config{NextProtos: []string{"h2"}}
	if trust != nil {
		cfg.RootCAs = trust.RootCAs
	}
	conn, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	return conn.Close()
}

// dryPush sends a push to nobody: BadDeviceToken means that everything else of it was right.
func (d *doctor) dryPush(ctx context.Context, what string, s push.Sender, bundle string) {
	what += " " + bundle
	ctx, cancel := context.WithTimeout(ctx, 2*d.c.Patience)
	defer cancel()
	_, err := s.Send(ctx, push.Push{
		ID: newUUID(), BundleID: bundle, Token: nobody, Environment: push.Production, Payload: []byte(`{"aps":{}}`), Deadline: time.Now().Add(2 * d.c.Patience),
	})
	why := (*push.Error)(nil)
	switch {
	case err == nil:
		d.say(warning, what, "is this Apple's?", "APNs took a push for a device that cannot exist")
	case !errors.As(err, &why):
		d.say(failure, what, "look at the way to APNs", "%s", err)
	case why.Reason == "BadDeviceToken":
		d.say(fine, what, "", "APNs takes the key (it refused a made-up device, as it must); production and sandbox were asked")
	default:
		e := explain(why)
		d.say(failure, what, e.do, "%d %s: %s", why.Status, why.Reason, e.means)
	}
}
