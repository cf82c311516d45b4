package vendors

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

const (
	callID = "0191d0f2-7c4e-7a01-8000-00000000c0de"
	hooks  = "https://calls.example.com/carriers/app/"
)

// at is the moment at which all clocks stand.
var at = time.Unix(1700000000, 0)

// theCall is Alice's call to Bob, as a carrier is told of it.
func theCall() carrier.Call {
	return carrier.Call{
		ID: callID, App: "app", State: carrier.Ringing, Deadline: at.Add(45 * time.Second),
		Caller: carrier.Party{User: "alice", Device: "alice-1", Name: `Alice "A" <&> Ünal`}, Callee: carrier.Party{User: "bob", Name: "Bob"},
	}
}

func aliceJoins() carrier.Join {
	c := theCall()
	return carrier.Join{Call: c, Self: c.Caller, Caller: true, Now: at}
}

// desk knows theCall, and keeps what it is told.
type desk struct{ told []carrier.Event }

func (d *desk) Incoming(context.Context, carrier.Incoming) (carrier.Call, error) {
	return carrier.Call{}, carrier.ErrUnknownNumber
}

func (d *desk) Call(_ context.Context, id string) (carrier.Call, error) {
	if id != callID {
		return carrier.Call{}, carrier.ErrUnknownCall
	}
	return theCall(), nil
}

func (d *desk) CallByRef(context.Context, string) (carrier.Call, error) { return theCall(), nil }

func (d *desk) Tell(_ context.Context, e carrier.Event) error {
	d.told = append(d.told, e)
	return nil
}

// takes fails the test unless the carrier takes a webhook and tells the desk of it.
func takes(t *testing.T, c carrier.Carrier, hook, contentType, authorization, body string) {
	t.Helper()
	u, err := url.Parse(hooks + c.Name() + "/" + hook)
	if err != nil {
		t.Fatal(err)
	}
	r := &carrier.Request{
		Method: http.MethodPost, URL: u, Hook: hook, Body: []byte(body), Now: at,
		Header: http.Header{"Content-Type": {contentType}, "Authorization": {authorization}},
	}
	d := &desk{}
	if _, err := c.Webhook(context.Background(), r, d); err != nil {
		t.Errorf("a webhook signed by the vendor's package: %v", err)
	} else if len(d.told) == 0 {
		t.Error("a webhook signed by the vendor's package: nothing was told")
	}
	r.Body = []byte(`{"more":1,` + body[1:])
	d = &desk{}
	if _, err := c.Webhook(context.Background(), r, d); err == nil || len(d.told) != 0 {
		t.Errorf("the same with another body: %v, and it told %v", err, d.told)
	}
}
