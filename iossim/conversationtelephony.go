package iossim

import (
	"fmt"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/lck"
)

// telephony is TelephonyConversationManager.
type telephony struct{ p *Process }

// Telephony is part of [lck.System].
func (p *Process) Telephony() (lck.TelephonyConversationManager, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if err := p.ph.needs(featureTelephony); err != nil {
		return nil, err
	}
	return telephony{p}, nil
}

// CellularServices is part of [lck.TelephonyConversationManager].
func (t telephony) CellularServices() []lck.CellularService {
	t.p.w.mu.Lock()
	defer t.p.w.mu.Unlock()
	if t.p.isDialer() != nil {
		return nil
	}
	return []lck.CellularService{line}
}

// StartCellularConversation is part of [lck.TelephonyConversationManager]. The Phone app dials, under the conditions of
// [Phone.CellularDial]; the errors are inferred, Apple documents none.
func (t telephony) StartCellularConversation(a lck.StartCellularConversationAction, completion func(error)) {
	p := t.p
	p.send(fmt.Sprintf("startCellularConversation %q", a.Handle.Value), func() {
		var err error
		fail := func(code int, why string) {
			err = &callkit.Error{Domain: callkit.RequestTransactionErrorDomain, Code: code, Text: why}
		}
		switch why := p.ph.noLine(); {
		case a.Handle.Type != callkit.PhoneNumber || a.Handle.Value == "":
			fail(callkit.RequestInvalidAction, "the handle is no phone number")
		case a.Service != (lck.CellularService{}) && a.Service != line:
			fail(callkit.RequestInvalidAction, "there is no such cellular service")
		case why != "":
			fail(callkit.RequestUnknown, why)
		}
		p.post(item{
			log: p.say(ChanController, "startCellularConversation completion %s", short(err)),
			run: func() {
				if completion != nil {
					completion(err)
				}
			},
		})
		if err == nil {
			p.ph.dial(a.Handle.Value)
		}
	})
}

// line is the one line that the simulated phone has.
var line = lck.CellularService{ID: "sim1", Label: "Primary"}
