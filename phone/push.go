package phone

import (
	"crypto/sha256"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// A pushed is one VoIP push on its way in.
type pushed struct {
	dictionary []byte
	must       bool // the system demands a report
	metadata   bool // iOS 26.4: the system itself judged must
	completion func()
}

// push takes a VoIP push. When it returns, a call has been reported if the system demands it, whatever the push says
// and whatever goes wrong here.
func (p *Phone) push(in pushed) {
	before := p.reportCount()
	defer func() {
		if r := recover(); r != nil {
			p.log.Error("a push made the engine panic", "panic", r, "stack", string(debug.Stack()))
		}
		if in.must && p.reportCount() == before {
			p.placeholder(in.dictionary)
		}
		p.tellCompletion(in.completion)
	}()
	payload, err := signaling.ParsePush(in.dictionary)
	if err != nil {
		p.log.Error("a push can't be read; is the server's version newer than the app's?", "err", err)
		p.conn.Open() // the server's stream knows what it was about
		return
	}
	p.ring(payload, &in)
}

// reportCount returns how many reports were made.
func (p *Phone) reportCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reports
}

func (p *Phone) tellCompletion(completion func()) {
	if completion != nil {
		completion()
	}
}

// ring lets a push happen to its call, and carries out the report ahead of the outbox: a report needs no place in
// the order, for the system takes a second one of the same call as the first, and the machine ends what it has ended.
func (p *Phone) ring(payload signaling.Payload, in *pushed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	l, e := p.pushedLine(payload, in)
	var report *item
	for _, next := range p.step(l, e, nil) {
		if next.effect.Kind == call.ReportIncoming && report == nil {
			report = &next
			continue
		}
		p.outbox = append(p.outbox, next)
	}
	if e.Kind == call.Push && l.state.State == call.Ended && l.state.Reason == call.Busy {
		p.order(l, call.Effect{Kind: call.SendBusy, Reason: call.Busy})
	}
	if l.state.State == call.Ended {
		p.then(func() { p.ack(l, true, v1.Stage_STAGE_WOKE) })
	}
	if report != nil {
		if in.completion != nil {
			l.pushed = append(l.pushed, in.completion)
			in.completion = nil
		}
		p.reportFirst(*report)
	}
	p.outside(p.conn.Open)
	p.drain()
}

func (p *Phone) reportFirst(report item) {
	p.hold++
	defer func() { p.hold-- }()
	p.carryOut(report)
}

// pushedLine returns the line that a push is about, and what the push means to it.
func (p *Phone) pushedLine(payload signaling.Payload, in *pushed) (*line, call.Event) {
	e := call.Event{Kind: call.Push, On: in.must}
	l := p.find(payload.CallID)
	if l != nil && l.offeredAnew(payload.Moving) {
		p.drop(l) // what became of the call here before is no more true
		l = nil
	}
	switch {
	case l == nil:
		l = p.newLine(payload.CallID)
		l.offered = payload.Moving
		p.describe(l, payload)
		if p.late(payload, in) {
			e.Kind = call.ExpiredPush
		} else if !p.offer(l, l.handle.Value) {
			l.state.State, l.state.Reason = call.Ended, call.Busy
			p.end(l)
		}
	case payload.Token != "":
		l.token = payload.Token
	}
	if l.woke.IsZero() {
		l.woke = p.now()
	}
	return l, e
}

// describe fills in what a push says.
func (p *Phone) describe(l *line, payload signaling.Payload) {
	l.name, l.video, l.token = payload.CallerName, payload.Video, payload.Token
	l.handle = callkit.Handle{Type: payload.HandleType, Value: payload.Handle}
	l.sent, l.expires = payload.Sent(), payload.Expires()
	if payload.Sealed != "" {
		p.unseal(l, func(k *signaling.SealKey) (signaling.Caller, error) { return payload.OpenSealed(k, p.cfg.DeviceID) })
	}
}

// late reports whether a push came after its ring's deadline, and sets how long the ring may last if it did not.
// The device's clock may be wrong, and a call that is not rung is worse than a ring that the server's first word
// ends: where this process has not compared clocks yet, the system's own judgement (iOS 26.4) counts more.
func (p *Phone) late(payload signaling.Payload, in *pushed) bool {
	l := p.find(payload.CallID)
	left := p.left(payload.Expires(), p.serverNow(payload.Sent()))
	if left <= 0 && (p.clock.proven || !in.metadata || !in.must) {
		return true
	}
	if left <= 0 {
		left = p.left(payload.Expires(), payload.Sent())
	}
	l.ringLeft = max(left, time.Second)
	return false
}

// placeholder reports a call that stands for a push nobody can make sense of, and ends it at once: that is legal,
// and not reporting is a kill (Apple Developer Forums, thread 817976).
func (p *Phone) placeholder(dictionary []byte) {
	p.mu.Lock()
	p.placed++
	n := p.placed
	p.reports++
	p.mu.Unlock()
	reportPlaceholder(p.provider, dictionary, n)
}

func reportPlaceholder(provider callkit.Provider, dictionary []byte, n int) {
	sum := sha256.Sum256(fmt.Appendf(nil, "ringtrip placeholder %d %x", n, sha256.Sum256(dictionary)))
	var id callkit.UUID
	copy(id[:], sum[:])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // a UUID version 8: custom (RFC 9562 §5.8)
	handle, name := handleOr(callkit.Handle{}, nobody), "Unknown"
	provider.ReportNewIncomingCall(id, callkit.Update{
		RemoteHandle:        &handle,
		LocalizedCallerName: &name,
	}, nil)
	provider.ReportCallEnded(id, time.Time{}, callkit.Failed)
}
