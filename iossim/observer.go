package iossim

import (
	"github.com/ringtrip/ringtrip/callkit"
)

// observer is CXCallObserver.
type observer struct {
	p        *Process
	delegate callkit.CallObserverDelegate
	queue    callkit.Queue
}

var _ callkit.CallObserver = (*observer)(nil)

func (p *Process) newObserver() *observer {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	o := &observer{p: p}
	if !p.dead {
		p.observers = append(p.observers, o)
	}
	return o
}

// Calls is part of [callkit.CallObserver].
func (o *observer) Calls() []callkit.Call {
	o.p.w.mu.Lock()
	defer o.p.w.mu.Unlock()
	if o.p.dead {
		return nil
	}
	calls := make([]callkit.Call, 0, len(o.p.ph.calls))
	for _, c := range o.p.ph.calls {
		calls = append(calls, c.public())
	}
	return calls
}

// SetDelegate is part of [callkit.CallObserver].
func (o *observer) SetDelegate(d callkit.CallObserverDelegate, q callkit.Queue) {
	o.p.w.mu.Lock()
	defer o.p.w.mu.Unlock()
	o.delegate, o.queue = d, o.p.orMain(q)
}

// changed tells every observer on the phone of a call: any app sees all calls (CXCallObserver).
func (ph *Phone) changed(c *call) {
	pub := c.public()
	for _, a := range ph.apps {
		p := a.proc
		if p == nil {
			continue
		}
		for _, o := range p.observers {
			if o.delegate == nil {
				continue
			}
			d := o.delegate
			p.post(item{
				queue: o.queue,
				log: p.say(ChanObserver, "changed %s outgoing=%s onHold=%s connected=%s ended=%s",
					pub.UUID, bit(pub.IsOutgoing), bit(pub.IsOnHold), bit(pub.HasConnected), bit(pub.HasEnded)),
				run: func() { d.CallChanged(o, pub) },
			})
		}
	}
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
