package rig

import (
	"context"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// PushFault is what becomes of one push.
type PushFault struct {
	Fail  bool          // APNs answers 503 for as long as anyone asks
	Lost  bool          // accepted, and never delivered
	Twice bool          // delivered again, a second later
	Delay time.Duration // until it is delivered
}

// FaultyPush is a push service on any clock, whose pushes go wrong as its faults say, in order; after the last
// fault all goes well. A device that is offline loses its pushes.
type FaultyPush struct {
	mu      sync.Mutex
	faults  []PushFault
	devices map[string]*pushDevice
	issued  int
	sent    []string // apns-ids that were accepted
}

type pushDevice struct {
	deliver func([]byte)
	offline bool
}

var _ push.Sender = (*FaultyPush)(nil)

// NewFaultyPush returns a push service.
func NewFaultyPush(faults []PushFault) *FaultyPush {
	return &FaultyPush{faults: faults, devices: map[string]*pushDevice{}}
}

// IssueToken makes a token.
func (f *FaultyPush) IssueToken(deliver func([]byte)) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.issued++
	token := tokenOf(f.issued)
	f.devices[token] = &pushDevice{deliver: deliver}
	return token
}

func tokenOf(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 64)
	for i := range b {
		b[i] = digits[(n*(i+7)+i*i)%16]
	}
	b[0], b[1] = digits[n/16%16], digits[n%16]
	return string(b)
}

// SetOnline says whether the device that has the token is reachable.
func (f *FaultyPush) SetOnline(token string, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.devices[token]; d != nil {
		d.offline = !on
	}
}

// Send accepts a push and delivers it later.
func (f *FaultyPush) Send(ctx context.Context, p push.Push) (push.Receipt, error) {
	f.mu.Lock()
	d := f.devices[p.Token]
	var fault PushFault
	if len(f.faults) > 0 {
		fault, f.faults = f.faults[0], f.faults[1:]
	}
	f.mu.Unlock()
	select {
	case <-time.After(30 * time.Millisecond):
	case <-ctx.Done():
		return push.Receipt{}, &push.Error{Verdict: push.GiveUp, Reason: "cancelled", Attempts: 1, Err: ctx.Err()}
	}
	switch {
	case d == nil:
		return push.Receipt{}, &push.Error{Verdict: push.DropToken, Status: 410, Reason: "Unregistered", Timestamp: time.Now(), Attempts: 1}
	case fault.Fail:
		return push.Receipt{}, &push.Error{Verdict: push.GiveUp, Status: 503, Reason: "ServiceUnavailable", Attempts: 3}
	}
	f.mu.Lock()
	f.sent = append(f.sent, p.ID)
	f.mu.Unlock()
	deliver := func() {
		f.mu.Lock()
		offline := d.offline
		f.mu.Unlock()
		if !offline {
			d.deliver(p.Payload)
		}
	}
	if !fault.Lost {
		time.AfterFunc(fault.Delay+time.Millisecond, deliver)
		if fault.Twice {
			time.AfterFunc(fault.Delay+time.Second, deliver)
		}
	}
	return push.Receipt{ID: p.ID, Latency: 30 * time.Millisecond, Attempts: 1, Environment: p.Environment}, nil
}
