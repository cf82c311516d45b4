package server

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store"
)

const (
	// beatInterval is how often a node says that it lives, and how quickly it learns which others do.
	beatInterval = time.Second
	// beatTimeout is how long one heartbeat may take.
	beatTimeout = 2 * time.Second
	// deadAfter is for how long a node may be silent before nobody counts on its streams any more, and for how long a
	// node may not reach the store before it refuses to serve.
	deadAfter = 3 * time.Second
	// forgetAfter is when the row of a node that is gone is cleared away.
	forgetAfter = time.Minute
)

// neighbours are the nodes of the deployment as this one sees them. It is safe for concurrent use.
type neighbours struct {
	mu   sync.Mutex
	seen map[string]sighting
	cut  atomic.Bool // this node does not reach the store
}

// sighting is what is known of another node. Times are of this node's steady clock.
type sighting struct {
	beat uint64
	at   time.Time // when the beat was seen to grow
}

// learn takes what a heartbeat returned, and returns the nodes that are long gone.
func (n *neighbours) learn(nodes []store.Node, now time.Time) (gone []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	seen := make(map[string]sighting, len(nodes))
	for _, one := range nodes {
		was, ok := n.seen[one.ID]
		if !ok || was.beat != one.Beat {
			was = sighting{beat: one.Beat, at: now}
		}
		if now.Sub(was.at) >= forgetAfter {
			gone = append(gone, one.ID)
		}
		seen[one.ID] = was
	}
	n.seen = seen
	return gone
}

// alive reports whether a node was heard of lately. One that this node has never heard of began a moment ago.
func (n *neighbours) alive(node string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	was, ok := n.seen[node]
	return !ok || now.Sub(was.at) < deadAfter
}

// CutOff reports whether this node does not reach the store any more: it refuses requests then, for it could not keep
// what it says. Only a node of several knows.
func (s *Server) CutOff() bool { return s.neighbours.cut.Load() }

// runBeats tells the other nodes that this one lives, and learns which of them do.
func (s *Server) runBeats(ctx context.Context) {
	if s.cfg.Presence == nil {
		return
	}
	tick := time.NewTicker(beatInterval)
	defer tick.Stop()
	var mine uint64
	last := time.Now()
	for ctx.Err() == nil {
		nodes, err := s.beat(ctx)
		now := time.Now()
		if err != nil {
			s.report(ctx, "this node cannot say that it lives", err)
			if now.Sub(last) >= deadAfter && ctx.Err() == nil && !s.neighbours.cut.Swap(true) {
				s.log.Error("this node is cut off from the store: it refuses requests, and its devices connect elsewhere", "since", now.Sub(last))
				s.streams.endAll("node_cut_off")
			}
		} else {
			last = now
			if s.neighbours.cut.Swap(false) {
				s.log.Info("this node reaches the store again")
			}
			for _, gone := range s.neighbours.learn(nodes, now) {
				s.log.Warn("a node is gone", "gone", gone)
				if err := s.cfg.Presence.RemoveNode(ctx, gone, s.now()); err != nil {
					s.report(ctx, "forgetting a node that is gone failed", err, "gone", gone)
				}
			}
			for _, one := range nodes {
				if one.ID == s.cfg.NodeID {
					if one.Beat < mine {
						s.log.Warn("the other nodes took this one for dead: its devices connect anew")
						s.streams.endAll("node_cut_off") // nobody knows any more that they are here
					}
					mine = one.Beat
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	last5, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatTimeout)
	defer cancel()
	if err := s.cfg.Presence.RemoveNode(last5, s.cfg.NodeID, s.now()); err != nil {
		s.log.Warn("the other nodes could not be told that this one leaves", "err", err)
	}
}

func (s *Server) beat(ctx context.Context) ([]store.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	return s.cfg.Presence.Beat(ctx, s.cfg.NodeID)
}

// place is where a device's event stream is.
type place struct {
	node       string // that holds it, if several do; empty: none, or nobody knows
	open       bool
	foreground bool
	recent     bool // it ended a moment ago: it will be back
}

// places returns where the streams of devices are. What cannot be found out counts as nowhere: that costs a push.
func (s *Server) places(ctx context.Context, app string, devices ...string) map[string]place {
	all := make(map[string]place, len(devices))
	var elsewhere []string // or nowhere
	for _, d := range devices {
		var p place
		p.open, p.foreground = s.streams.state(topic(app, d))
		p.recent = s.streams.recent(topic(app, d), backSoon)
		if p.open {
			p.node = s.nodeName()
		} else {
			elsewhere = append(elsewhere, d)
		}
		all[d] = p
	}
	if s.cfg.Presence == nil || len(elsewhere) == 0 {
		return all
	}
	known, err := s.cfg.Presence.StreamsOf(ctx, app, elsewhere)
	if err != nil {
		s.report(ctx, "reading where streams are failed", err)
		return all
	}
	for _, st := range known {
		all[st.Device] = s.place(st, all[st.Device])
	}
	return all
}

// place judges what the store says about a stream that is not here.
func (s *Server) place(st store.Stream, here place) place {
	switch {
	case st.Node == "":
		here.recent = here.recent || s.now().Sub(st.LeftAt).Abs() < backSoon
	case st.Node == s.cfg.NodeID: // it was here, and is just going
	case s.neighbours.alive(st.Node, time.Now()):
		return place{node: st.Node, open: true, foreground: st.Foreground}
	default:
		here.recent = true // its node died under it
	}
	return here
}

// nodeName is what calls keep of this node; empty if it is alone.
func (s *Server) nodeName() string {
	if s.cfg.Presence == nil {
		return ""
	}
	return s.cfg.NodeID
}

// pass hands a committed event to the device's stream if it is here, and wakes it if it may be elsewhere.
// message is what e holds; nil: not known. It is the stream's from now on.
func (s *Server) pass(e store.Event, message *v1.EventsResponse, node string) {
	if s.streams.hand(topic(e.App, e.Device), handed{e, message}) {
		if node != "" && node != s.cfg.NodeID {
			s.bus.Publish(topic(e.App, e.Device), node)
		}
		return
	}
	s.tell(e.App, e.Device, node)
}

// tell wakes a device's stream, which is here or at node.
func (s *Server) tell(app, device, node string) {
	s.bus.Publish(topic(app, device))
	if node != "" && node != s.cfg.NodeID {
		s.bus.Publish(topic(app, device), node)
	}
}

// isAt takes down that the device's stream is at node.
func (t *turn) isAt(user, device, node string) {
	if side, ok := t.sideOf(user, device); ok && node != "" && t.device(side).Node != node {
		t.device(side).Node = node
		t.changed = true
	}
}

// nodeOf returns the node that holds the stream of a device in the call.
func (t *turn) nodeOf(device string) string {
	if device == t.CallerDevice.ID {
		return t.CallerDevice.Node
	}
	for i := range t.Legs {
		if t.Legs[i].ID == device {
			return t.Legs[i].Node
		}
	}
	for i := range t.Former {
		if t.Former[i].ID == device {
			return t.Former[i].Node
		}
	}
	return ""
}

// catchUp looks once more, after a new call was committed, where its devices' streams are: one that opened at the same
// moment on another node may not have seen the call, nor the call it.
func (s *Server) catchUp(ctx context.Context, t *turn) {
	if s.cfg.Presence == nil {
		return
	}
	devices := t.row.Devices
	moved := map[string]string{}
	for d, p := range s.places(ctx, t.row.App, devices...) {
		if p.node != "" && p.node != t.nodeOf(d) {
			moved[d] = p.node
		}
	}
	if len(moved) == 0 {
		return
	}
	if _, err := s.change(ctx, t.row.ID, func(now *turn) error {
		for d, node := range moved {
			for _, user := range now.row.Users {
				now.isAt(user, d, node)
			}
		}
		return nil
	}); err != nil {
		s.log.Warn("noting where streams are failed", "call", t.row.ID, "err", err)
	}
	for d, node := range moved {
		s.tell(t.row.App, d, node)
	}
}

// attachment is a line's entry in the store's presence.
type attachment struct {
	s  *Server
	is store.Stream
}

// attach tells the other nodes that the stream is here, and the one that it took the place of that it is over. listen is
// given the topic by which others say that they think the stream is over. It returns nil if this node is alone.
func (s *Server) attach(ctx context.Context, app, device string, foreground bool, listen func(topic string) error) (*attachment, error) {
	if s.cfg.Presence == nil {
		return nil, nil
	}
	a := &attachment{s: s, is: store.Stream{App: app, Device: device, Node: s.cfg.NodeID, ID: rand.Text(), Foreground: foreground}}
	if err := listen(a.topic()); err != nil {
		return nil, err
	}
	before, err := s.cfg.Presence.Attach(ctx, a.is)
	if err != nil {
		return nil, err
	}
	if before.Node != "" && before.Node != s.cfg.NodeID {
		s.bus.Publish(overTopic(before.ID), before.Node)
	}
	return a, nil
}

func (a *attachment) topic() string { return overTopic(a.is.ID) }

func overTopic(stream string) string { return "over/" + stream }

// detach tells the other nodes that the stream has gone. A node that goes itself says so once for all.
func (a *attachment) detach(ctx context.Context) {
	if a == nil || a.s.stopping() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatTimeout)
	defer cancel()
	a.is.LeftAt = a.s.now()
	if err := a.s.cfg.Presence.Detach(ctx, a.is); err != nil {
		a.s.log.Debug("noting that a stream ended failed", "device", a.is.Device, "err", err)
	}
}

// verify returns why the stream is over, empty if it goes on: what woke it may have been a rumour.
func (a *attachment) verify(ctx context.Context) (why string, err error) {
	known, err := a.s.cfg.Presence.StreamsOf(ctx, a.is.App, []string{a.is.Device})
	if err != nil || len(known) == 0 {
		return "", err
	}
	switch now := known[0]; {
	case now.ID != a.is.ID:
		return "stream_replaced", nil
	case now.Node == "":
		return "device_unregistered", nil
	}
	return "", nil
}

// dropStream ends the device's stream, wherever it is.
func (s *Server) dropStream(ctx context.Context, app, device string) {
	s.streams.drop(topic(app, device), "device_unregistered")
	if s.cfg.Presence == nil {
		return
	}
	known, err := s.cfg.Presence.StreamsOf(ctx, app, []string{device})
	if err != nil || len(known) == 0 || known[0].Node == "" {
		return
	}
	gone := known[0]
	gone.LeftAt = s.now()
	if err := s.cfg.Presence.Detach(ctx, gone); err != nil {
		s.log.Warn("ending a stream at another node failed", "device", device, "err", err)
	}
	s.bus.Publish(overTopic(gone.ID), gone.Node)
}

func (s *Server) stopping() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// fence refuses requests while the node is cut off from the store: an answer that it gave could not be kept. A request
// that is refused at once is tried at another node.
type fence struct{ s *Server }

var _ connect.Interceptor = fence{}

func (f fence) problem() error {
	if f.s.CutOff() {
		return problem(connect.CodeUnavailable, "node_cut_off", "connect again: another node answers", nil, "this node does not reach its store")
	}
	return nil
}

// WrapUnary implements [connect.Interceptor].
func (f fence) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if err := f.problem(); err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

// WrapStreamingClient implements [connect.Interceptor].
func (f fence) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements [connect.Interceptor].
func (f fence) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		if err := f.problem(); err != nil {
			return err
		}
		return next(ctx, conn)
	}
}
