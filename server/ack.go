package server

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/fork"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	maxMarks  = 16
	maxDetail = 200
)

// Ack implements PhoneService: it takes down how far a device has come. A stage counts once a call and device; marks
// may come late, out of order and again.
func (s *Server) Ack(ctx context.Context, req *connect.Request[v1.AckRequest]) (*connect.Response[v1.AckResponse], error) {
	if n := len(req.Msg.Marks); n > maxMarks {
		return nil, invalid("send each stage once", "there are %d marks, more than %d", n, maxMarks)
	}
	for _, m := range req.Msg.Marks {
		if !isDeviceStage(m.GetStage()) {
			return nil, invalid("devices mark WOKE, REPORTED, RINGING, AUDIO_ACTIVE, FIRST_MEDIA and MEDIA_CONNECTED", "stage %s is not a device's to mark", m.GetStage())
		}
	}
	c, err := s.act(ctx, req.Msg.CallId, req.Msg.DeviceId, func(t *turn, side int) error {
		for _, m := range req.Msg.Marks {
			t.mark(side, m)
		}
		return nil
	})
	return connect.NewResponse(&v1.AckResponse{Call: c}), err
}

func isDeviceStage(stage v1.Stage) bool {
	switch stage {
	case v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED, v1.Stage_STAGE_RINGING,
		v1.Stage_STAGE_AUDIO_ACTIVE, v1.Stage_STAGE_FIRST_MEDIA, v1.Stage_STAGE_MEDIA_CONNECTED:
		return true
	}
	return false
}

// mark takes one mark of a side's device.
func (t *turn) mark(side int, m *v1.Mark) {
	d := t.device(side)
	if d.Marks.has(int32(m.Stage)) {
		return
	}
	d.Marks |= 1 << m.Stage
	t.changed = true
	e := t.note(m.Stage, side, 0, m.Detail)
	e.Device, e.DeviceAt = d.ID, deviceTime(m)
	if side < 0 {
		return
	}
	switch m.Stage {
	case v1.Stage_STAGE_WOKE, v1.Stage_STAGE_REPORTED:
		t.step(fork.Event{Kind: fork.Wake, Leg: int8(side)})
	case v1.Stage_STAGE_RINGING:
		t.step(fork.Event{Kind: fork.Ring, Leg: int8(side)})
	}
	t.dropPush(side) // it is heard of: a push would be pointless
}

// dropPush takes the push of a leg back.
func (t *turn) dropPush(leg int) {
	if t.Legs[leg].NoJob {
		return
	}
	t.Legs[leg].NoJob = true
	id := t.pushJobID(leg)
	t.drop = append(t.drop, id)
	// Changes that share a commit may have ordered it just now.
	t.jobs = slices.DeleteFunc(slices.Clone(t.jobs), func(j store.Job) bool { return j.ID == id })
	t.urgent = slices.DeleteFunc(slices.Clone(t.urgent), func(j store.Job) bool { return j.ID == id })
}

// deviceTime returns the mark's time by the device's clock, zero if it said none that makes sense.
func deviceTime(m *v1.Mark) time.Time {
	if m.At == nil || !m.At.IsValid() || m.At.Seconds <= 0 {
		return time.Time{}
	}
	return m.At.AsTime()
}
