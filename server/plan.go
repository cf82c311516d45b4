package server

import (
	"fmt"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

const (
	// stepDelay is how long a group rings before the next one's turn comes, unless a plan says otherwise.
	stepDelay = 10 * time.Second
	minStep   = time.Second
	maxStep   = 60 * time.Second
)

// RingPlan is the order in which a callee's devices ring. The zero RingPlan rings all at once.
type RingPlan struct {
	Order v1.RingOrder
	// Delays are how long each group rings before the next one's turn comes, 1-60 s; the last one stands for all further
	// groups. Empty: 10 s. At most [fork.MaxLegs].
	Delays []time.Duration
	// Devices is an order of device ids that the caller, or its backend, asked for: in a sequence the first ones to ring,
	// by groups a group each.
	Devices []string
	// OneAtATime is whether a group stops ringing when the next one's turn comes; unspecified: in a sequence it does.
	OneAtATime v1.OneAtATime
}

func (p RingPlan) check() error {
	if _, known := v1.RingOrder_name[int32(p.Order)]; !known {
		return fmt.Errorf("the ring order %d is none", p.Order)
	}
	if _, known := v1.OneAtATime_name[int32(p.OneAtATime)]; !known {
		return fmt.Errorf("one_at_a_time is %d and must be 1 (yes) or 2 (no)", p.OneAtATime)
	}
	if len(p.Delays) > fork.MaxLegs || len(p.Devices) > fork.MaxLegs {
		return fmt.Errorf("a ring plan has at most %d delays and devices", fork.MaxLegs)
	}
	for _, d := range p.Delays {
		if d < minStep || d > maxStep {
			return fmt.Errorf("a ring plan has a delay of %s: it must be 1-60 s", d)
		}
	}
	for i, id := range p.Devices {
		if err := checkDeviceID(id); err != nil {
			return err
		}
		if slices.Contains(p.Devices[:i], id) {
			return fmt.Errorf("a ring plan names the device %q twice", id)
		}
	}
	return nil
}

// planFrom reads what a client asks for.
func planFrom(m *v1.RingPlan) RingPlan {
	p := RingPlan{Order: m.GetOrder(), Devices: m.GetDevices(), OneAtATime: m.GetOneAtATime()}
	for _, s := range m.GetDelays() {
		p.Delays = append(p.Delays, time.Duration(s)*time.Second)
	}
	return p
}

func checkPlan(m *v1.RingPlan) error {
	if err := planFrom(m).check(); err != nil {
		return invalid("see the message RingPlan", "plan: %s", err)
	}
	return nil
}

// planOf returns the plan of a call: what its caller asks for, and what is left open as the app is set.
func (s *Server) planOf(app string, m *v1.RingPlan) RingPlan {
	asked, standard := planFrom(m), s.app(app).RingPlan
	if asked.Order == v1.RingOrder_RING_ORDER_UNSPECIFIED {
		asked.Order = standard.Order
		if asked.OneAtATime == v1.OneAtATime_ONE_AT_A_TIME_UNSPECIFIED {
			asked.OneAtATime = standard.OneAtATime
		}
	}
	if len(asked.Delays) == 0 {
		asked.Delays = standard.Delays
	}
	return asked
}

// groups returns in which group each of the devices rings, the best device of each group first: 0 is the first.
func (p RingPlan) groups(offers []offer, w wishes) []int {
	named := func(o offer) int {
		if i := slices.Index(p.Devices, o.device.ID); i >= 0 {
			return i
		}
		return len(p.Devices)
	}
	groups := make([]int, len(offers))
	for i, o := range offers {
		switch {
		case p.Order == v1.RingOrder_RING_ORDER_SEQUENCE:
			groups[i] = named(o)
			if groups[i] == len(p.Devices) {
				groups[i] += i // each device its own group, in the order of the offers
			}
		case p.Order == v1.RingOrder_RING_ORDER_GROUPS && len(p.Devices) > 0:
			groups[i] = named(o)
		case p.Order == v1.RingOrder_RING_ORDER_GROUPS:
			groups[i] = w.Groups[o.device.ID]
		}
	}
	return groups
}

// hunt is what is kept of a plan while the call rings.
type hunt struct {
	Delays []time.Duration `json:"delays"`
	NextAt time.Time       `json:"next_at,omitzero"` // when the next group's turn comes
}

// follow makes the legs of a new call, and the event that rings them by the plan. Offers come with the best device first.
func (t *turn) follow(p RingPlan, w wishes, offers []offer) {
	groups := p.groups(offers, w)
	order := make([]int, len(offers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return groups[a] - groups[b] })
	order = order[:min(len(order), fork.MaxLegs)]
	t.ring = fork.Event{Kind: fork.Start, N: int8(len(order))}
	t.ring.On = p.OneAtATime == v1.OneAtATime_ONE_AT_A_TIME_YES ||
		p.Order == v1.RingOrder_RING_ORDER_SEQUENCE && p.OneAtATime != v1.OneAtATime_ONE_AT_A_TIME_NO
	t.offers = map[int]offer{}
	group := uint8(0)
	for leg0, i := range order {
		if leg0 > 0 && groups[i] != groups[order[leg0-1]] {
			group++
		}
		t.ring.Groups[leg0] = group
		t.offers[leg0] = offers[i]
		t.Legs = append(t.Legs, leg{device: deviceOf(offers[i].device)})
	}
	if group == 0 {
		t.ring.On = false
		return
	}
	t.Hunt = &hunt{Delays: p.Delays}
	if len(p.Delays) == 0 {
		t.Hunt.Delays = []time.Duration{stepDelay}
	}
}

// armNext carries out fork's order to start the timer of the next group. The groups are numbered from 0.
func (t *turn) armNext() {
	group, ok := t.Fork.NextGroup()
	if !ok || t.Hunt == nil || len(t.Hunt.Delays) == 0 || group == 0 {
		return
	}
	t.Hunt.NextAt = t.now.Add(t.Hunt.Delays[min(int(group), len(t.Hunt.Delays))-1])
}

// nextGroupAt returns when the next group's turn comes; zero if no leg waits.
func (st *state) nextGroupAt() time.Time {
	if _, waits := st.Fork.NextGroup(); !waits || st.Hunt == nil {
		return time.Time{}
	}
	return st.Hunt.NextAt
}
