package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/ringtrip/ringtrip/carrier/carriertest"
	"github.com/ringtrip/ringtrip/phone"
)

// Outside is the number of the telephone on the page, which is nobody's of the app.
const Outside = "+15557654321"

// shownHooks is how many webhooks the page shows.
const shownHooks = 14

// pageCarrier is the carrier as the page shows it: who is in its rooms and calls, its webhooks, a telephone.
type pageCarrier struct {
	lab   *Lab
	words carrierWords
	phone *Device // that of the callee from which the telephone is called

	mu        sync.Mutex
	telephone *carriertest.Telephone // nil: it has not been used
	down      bool
}

// carrierWords are what the page has to know of the carrier.
type carrierWords struct {
	Name   string `json:"name"`
	PSTN   bool   `json:"pstn"`
	Peer   bool   `json:"peer"`   // the devices have media between themselves, so that the browser can call
	Number string `json:"number"` // ours
	Phone  string `json:"phone"`  // the telephone's
}

// carrierState is how it stands.
type carrierState struct {
	Open      []string `json:"open"`
	Hooks     []Hook   `json:"hooks"` // the newest last
	Seen      int      `json:"seen"`  // webhooks in all
	Down      bool     `json:"down"`
	Telephone string   `json:"telephone"` // what it does; empty: nothing
	Why       string   `json:"why"`       // it is over
	Refused   int      `json:"refused"`   // by the carrier: tokens, signatures, requests
	Call      string   `json:"call"`      // the newest call's id
}

func newPageCarrier(lab *Lab, d *Device) *pageCarrier {
	c := &pageCarrier{lab: lab, phone: d, words: carrierWords{Name: lab.Account.Carrier.Name(), PSTN: lab.Account.PSTN(), Peer: lab.Account.Carrier.Traits().PeerToPeer,
		Number: Office, Phone: Outside}}
	lab.Account.Emulator.Answerer(c.take)
	return c
}

// take keeps the telephone that is in use now.
func (c *pageCarrier) take(t *carriertest.Telephone) {
	c.mu.Lock()
	c.telephone = t
	c.mu.Unlock()
	c.lab.Update(func() {})
}

func (c *pageCarrier) state() carrierState {
	hooks := c.lab.Hooks()
	s := carrierState{Open: append([]string{}, c.lab.Account.Emulator.Open()...), Seen: len(hooks), Hooks: append([]Hook{}, hooks[max(0, len(hooks)-shownHooks):]...),
		Refused: len(c.lab.Account.Emulator.Refused())} // never null for the page
	for i := range s.Hooks {
		s.Hooks[i].Says = s.Hooks[i].Says[:min(len(s.Hooks[i].Says), 600)]
	}
	c.mu.Lock()
	t := c.telephone
	s.Down = c.down
	c.mu.Unlock()
	if t != nil {
		state, why, _ := t.State()
		s.Telephone, s.Why = string(state), why
	}
	if e := c.phone.Engine(); e != nil {
		if calls := e.Calls(); len(calls) > 0 {
			s.Call = calls[len(calls)-1].ID.String()
		}
	}
	return s
}

// do does what the telephone's owner, or the carrier's fate, does.
func (c *pageCarrier) do(ctx context.Context, action string) error {
	c.mu.Lock()
	t := c.telephone
	c.mu.Unlock()
	busy := false
	if t != nil {
		state, _, _ := t.State()
		busy = state != carriertest.PhoneOver
	}
	switch action {
	case "down", "up":
		c.lab.Account.Emulator.Outage(action == "down")
		c.mu.Lock()
		c.down = action == "down"
		c.mu.Unlock()
	case "dial":
		if busy {
			return errors.New("the telephone is in use")
		}
		t, err := c.lab.Account.Emulator.Dial(ctx, Outside, Office)
		if err != nil {
			return errors.New(strings.TrimPrefix(err.Error(), "carriertest: "))
		}
		c.take(t)
	case "call":
		return c.callOut(ctx)
	case "answer", "decline", "busy", "hangup":
		if !busy {
			return errors.New("the telephone is not in use")
		}
		map[string]func(){"answer": t.Answer, "decline": t.Decline, "busy": t.Busy, "hangup": t.HangUp}[action]()
	default:
		return fmt.Errorf("there is no %.40q; there are dial, call, answer, decline, busy, hangup, down, up", action)
	}
	c.lab.Update(func() {})
	return nil
}

// callOut has the callee call the telephone, from the app.
func (c *pageCarrier) callOut(ctx context.Context) error {
	if !c.words.PSTN {
		return carriertest.ErrNoPSTN
	}
	return c.lab.DialWith(ctx, c.phone, phone.StartRequest{Callee: "tel:" + Outside})
}

// actCarrier does something at the carrier.
func (p *Page) actCarrier(w http.ResponseWriter, r *http.Request) {
	if p.desk == nil {
		refuse(w, http.StatusNotFound, errors.New("there is no carrier here"))
		return
	}
	if err := p.desk.do(r.Context(), r.PathValue("action")); err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
