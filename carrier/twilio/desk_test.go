package twilio

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/carriertest"
)

// desk is the ringing server in small, with the carrier that its webhooks are for.
type desk struct {
	*carriertest.Exchange
	t *testing.T
	c *Carrier
}

// stage is an account, the carrier, a desk and its webhooks' address.
func stage(t *testing.T) (*carriertest.Twilio, *desk) {
	t.Helper()
	return impatient(t, time.Second)
}

// impatient is a stage where Twilio's seconds are that long, for what ends because nobody answers.
func impatient(t *testing.T, second time.Duration) (*carriertest.Twilio, *desk) {
	t.Helper()
	tw, err := carriertest.NewTwilio(carriertest.TwilioConfig{Numbers: []string{"+15550001111", "+15550002222"}, Second: second})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	d := &desk{Exchange: carriertest.NewExchange(t, nil, nil), t: t}
	d.Numbers["+15550001111"] = "bob@example.com"
	d.c, err = New(Config{AccountSID: tw.AccountSID, APIKey: tw.APIKey, APISecret: carrier.NewSecret(tw.APISecret), AuthTokens: []carrier.Secret{carrier.NewSecret(tw.AuthToken)},
		ApplicationSID: tw.ApplicationSID, CallerID: "+15550001111", HookURL: d.Listen(tw), API: tw.URL(), Client: &http.Client{Transport: transport, Timeout: 30 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	d.Of(d.c)
	return tw, d
}

// start is a call of a user to a user, or to a telephone.
func (d *desk) start(caller, callee string) string {
	d.t.Helper()
	to := carrier.Party{User: callee}
	if number, ok := strings.CutPrefix(callee, "tel:"); ok {
		to.Phone = number
	}
	return d.Start(carrier.Party{User: caller, Device: "1"}, to).ID
}

// device is the caller's or the callee's, which wants to join.
func (d *desk) device(id string, caller bool) carrier.Join {
	c := d.Held(id)
	j := carrier.Join{Call: c.Call, Self: c.Callee, Caller: caller, Invite: c.Invite, Now: time.Now()}
	if caller {
		j.Self = c.Caller
	}
	return j
}

// join has the caller's or the callee's device join with what the server gives it.
func (d *desk) join(e carriertest.Emulator, id string, caller bool) *carriertest.TwilioSeat {
	d.t.Helper()
	return carriertest.Sit(d.t, d.c, e, d.device(id, caller)).(*carriertest.TwilioSeat)
}
