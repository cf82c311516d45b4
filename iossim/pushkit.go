package iossim

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/ringtrip/ringtrip/callkit"
)

// registry is PKPushRegistry.
type registry struct {
	p        *Process
	queue    callkit.Queue
	delegate callkit.PushRegistryDelegate
	types    []callkit.PushType
	issued   bool // the delegate has been given the token
}

var _ callkit.PushRegistry = (*registry)(nil)

func (r *registry) wantsVoIP() bool {
	return slices.Contains(r.types, callkit.PushTypeVoIP) && !r.p.app.cfg.NoVoIPBackgroundMode
}

// SetDelegate is part of [callkit.PushRegistry].
func (r *registry) SetDelegate(d callkit.PushRegistryDelegate) {
	r.p.w.mu.Lock()
	defer r.p.w.mu.Unlock()
	r.delegate = d
	r.p.sendLocked("registry.setDelegate "+setOrNil(d != nil), r.p.app.flushPushes)
}

// SetDesiredPushTypes is part of [callkit.PushRegistry].
func (r *registry) SetDesiredPushTypes(types []callkit.PushType) {
	r.p.w.mu.Lock()
	defer r.p.w.mu.Unlock()
	types = slices.Clone(types)
	r.p.sendLocked(fmt.Sprintf("registry.desiredPushTypes %v", types), func() {
		had := r.wantsVoIP()
		r.types = types
		for _, t := range types {
			switch t {
			case callkit.PushTypeVoIP:
				if r.p.app.cfg.NoVoIPBackgroundMode {
					r.p.ph.log(ChanSystem, r.p.tag(), "log no token for %s: UIBackgroundModes lacks voip", t)
				}
			default: // a file provider extension or a watch may have it, and an app that was mistaken
				r.p.ph.log(ChanSystem, r.p.tag(), "log no token for %s: it is not for an app's calls", t)
			}
		}
		switch has := r.wantsVoIP(); {
		case has && !r.issued:
			r.p.issueToken(r)
		case had && !has:
			r.issued = false
			r.p.invalidateToken(r)
		}
		r.p.app.flushPushes()
	})
}

// PushToken is part of [callkit.PushRegistry].
func (r *registry) PushToken(t callkit.PushType) []byte {
	r.p.w.mu.Lock()
	defer r.p.w.mu.Unlock()
	if t != callkit.PushTypeVoIP || !r.wantsVoIP() || r.p.dead {
		return nil
	}
	return bytes.Clone(r.p.app.token)
}

// issueToken gives the app its token, a new one if it has none.
func (p *Process) issueToken(r *registry) {
	if p.app.token == nil {
		token := p.app.makeToken() // may leave the lock
		if p.dead {
			return
		}
		p.app.token = token
	}
	r.issued = true
	if r.delegate == nil {
		p.ph.log(ChanSystem, p.tag(), "log push credentials lost: the registry has no delegate; set it before desiredPushTypes")
		return
	}
	c := callkit.PushCredentials{Type: callkit.PushTypeVoIP, Token: bytes.Clone(p.app.token)}
	p.post(item{
		queue: r.queue,
		skip:  func() bool { return r.delegate == nil },
		log:   p.say(ChanRegistry, "didUpdateCredentials token=%s", hex.EncodeToString(c.Token)),
		run:   func() { r.getDelegate().DidUpdatePushCredentials(r, c, c.Type) },
	})
}

func (p *Process) invalidateToken(r *registry) {
	d, ok := r.delegate.(callkit.InvalidateDelegate)
	if !ok {
		return
	}
	p.post(item{
		queue: r.queue,
		log:   p.say(ChanRegistry, "didInvalidate"),
		run:   func() { d.DidInvalidatePushToken(r, callkit.PushTypeVoIP) },
	})
}

func (r *registry) getDelegate() callkit.PushRegistryDelegate {
	r.p.w.mu.Lock()
	defer r.p.w.mu.Unlock()
	return r.delegate
}

func setOrNil(set bool) string {
	if set {
		return "set"
	}
	return "nil"
}
