package server_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/bus"
	"github.com/ringtrip/ringtrip/bus/local"
	"github.com/ringtrip/ringtrip/server"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/store/storetest"
)

// mesh is a bus between nodes on which names matter, as they do on a network.
type mesh struct {
	mu    sync.Mutex
	nodes map[string]*local.Bus
}

// port is one node's end of a mesh.
type port struct {
	m    *mesh
	name string
	*local.Bus
}

func (p port) Publish(topic string, nodes ...string) {
	if len(nodes) == 0 {
		nodes = []string{p.name}
	}
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	for _, n := range nodes {
		if b := p.m.nodes[n]; b != nil {
			b.Publish(topic)
		}
	}
}

var _ bus.Bus = port{}

// cluster is two nodes on one store.
type cluster struct {
	one, two *world
	presence *storetest.Presence
}

func inCluster(t *testing.T, test func(t *testing.T, c *cluster)) {
	t.Helper()
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP2=%t", http2), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, newCluster(t, http2)) })
		})
	}
}

func newCluster(t *testing.T, http2 bool) *cluster {
	c := &cluster{presence: storetest.NewPresence()}
	m := &mesh{nodes: map[string]*local.Bus{}}
	join := func(name string) func(*server.Config) {
		return func(cfg *server.Config) {
			b := local.New()
			m.mu.Lock()
			m.nodes[name] = b
			m.mu.Unlock()
			cfg.Bus, cfg.NodeID, cfg.Presence = port{m, name, b}, name, c.presence
		}
	}
	c.one = newWorldBy(t, http2, join("n1"))
	c.two = &world{t: t, store: c.one.store, apns: newAPNs(), set: join("n2"), http2: http2}
	c.two.run()
	t.Cleanup(func() {
		if c.two.node != nil {
			c.two.halt()
		}
	})
	synctest.Wait()
	return c
}

// A device whose app is on screen rings by its stream, though its stream is on another node than the caller.
func TestStreamOnAnotherNode(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		a, b, pad := c.one.phone("alice", "a1", ""), c.two.phone("bob", "b1", voip(2)), c.two.phone("bob", "b2", "")
		there, here := b.open(0, true), a.open(0, true)
		began := time.Now()
		id := a.call("bob").Id
		if got := there.next().GetCall(); got.GetId() != id || time.Since(began) > time.Second {
			t.Fatalf("after %s the other node brought %v", time.Since(began), got)
		}
		b.rings(id)
		late := pad.open(0, true) // joins while it rings
		if len(late.hello.Calls) != 1 {
			t.Errorf("the late device was greeted with %v", late.hello)
		}
		if _, err := b.answer(id); err != nil {
			t.Fatal(err)
		}
		here.call("answered", func(c *v1.Call) bool { return c.State == v1.CallState_CALL_STATE_ANSWERED })
		late.ended()
		if err := a.send(id, "b1", v1.MediaKind_MEDIA_KIND_OFFER, "an offer"); err != nil {
			t.Fatal(err)
		}
		for there.next().GetMedia().GetData() != "an offer" {
		}
		// The caller's device moves to the other node in the middle of the call.
		here.end()
		a.w = c.two
		moved := a.open(0, true)
		a.w = c.one
		b.w = c.one
		if _, err := b.end(id, 0); err != nil {
			t.Fatal(err)
		}
		moved.ended()
		there.ended()
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s: something waited for a ping", took)
		}
		select {
		case p := <-c.one.apns.sent:
			t.Errorf("a push was sent to a device that was there: %+v", p)
		case <-time.After(10 * time.Second):
		}
	})
}

// A device has one stream in the whole deployment: the old one ends when it connects to another node.
func TestOneStreamADeviceOnTwoNodes(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		b := c.one.phone("bob", "b1", voip(2))
		ghost := b.open(0, true)
		b.w = c.two
		line := b.open(0, true)
		for range ghost.events {
		}
		wantProblem(t, "the ghost", ghost.err, connect.CodeAborted, "stream_replaced")
		// Unregistering at one node ends the stream at the other.
		if _, err := c.one.as(b.token).UnregisterDevice(context.Background(), connect.NewRequest(&v1.UnregisterDeviceRequest{DeviceId: "b1"})); err != nil {
			t.Fatal(err)
		}
		for range line.events {
		}
		wantProblem(t, "the stream of a device that is gone", line.err, connect.CodeAborted, "device_unregistered")
	})
}

// A device whose stream went down with its node is pushed to at once, and one without a token is waited for.
func TestStreamsOfADeadNode(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		a, b := c.one.phone("alice", "a1", ""), c.two.phone("bob", "b1", voip(2))
		web := c.two.phone("carol", "c1", "")
		b.open(0, true)
		web.open(0, true)
		time.Sleep(2 * time.Minute) // virtual; registering is long ago
		c.presence.Cut("n2", true)
		time.Sleep(4 * time.Second)
		began := time.Now()
		a.call("bob")
		<-c.one.apns.sent
		if took := time.Since(began); took > time.Second {
			t.Errorf("it was pushed to after %s", took)
		}
		if got := a.call("carol"); got.State != v1.CallState_CALL_STATE_RINGING {
			t.Errorf("a device that will be back in a moment was given up: %v", got)
		}
		time.Sleep(3 * time.Minute)
		if got := a.call("carol"); got.State != v1.CallState_CALL_STATE_ENDED {
			t.Errorf("a device that is long gone rings: %v", got)
		}
	})
}

// A node that does not reach the store refuses, sends its devices away, and serves again when it does.
func TestCutOffNode(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		a, b := c.one.phone("alice", "a1", ""), c.two.phone("bob", "b1", voip(2))
		line := b.open(0, true)
		id := a.call("bob").Id
		if got := line.next().GetCall(); got.GetId() != id {
			t.Fatal(got)
		}
		c.presence.Cut("n2", true)
		began := time.Now()
		for range line.events {
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("its stream went on for %s", took)
		}
		wantProblem(t, "the stream", line.err, connect.CodeUnavailable, "node_cut_off")
		if !c.two.s.CutOff() || c.one.s.CutOff() {
			t.Errorf("cut off: %v and %v", c.one.s.CutOff(), c.two.s.CutOff())
		}
		_, err := b.answer(id)
		wantProblem(t, "answering there", err, connect.CodeUnavailable, "node_cut_off")
		_, err = c.two.as(b.token).GetCall(context.Background(), connect.NewRequest(&v1.GetCallRequest{CallId: id, DeviceId: "b1"}))
		wantProblem(t, "asking there", err, connect.CodeUnavailable, "node_cut_off")
		raw := b.openRaw(0, true)
		for range raw.events {
		}
		wantProblem(t, "another stream", raw.err, connect.CodeUnavailable, "node_cut_off")
		b.w = c.one
		if _, err := b.answer(id); err != nil {
			t.Errorf("answering elsewhere: %v", err)
		}
		b.w = c.two
		c.presence.Cut("n2", false)
		time.Sleep(2 * time.Second)
		again := b.open(0, true)
		if _, err := b.end(id, 0); err != nil {
			t.Errorf("ending after it is back: %v", err)
		}
		again.ended()
	})
}

// A stream that opens on another node in the very moment of the start hears of the call at once all the same.
func TestStreamOpensWhileACallStarts(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		a, b := c.one.phone("alice", "a1", ""), c.two.phone("bob", "b1", "")
		for range 20 {
			began := time.Now()
			var line *stream
			var id string
			var both sync.WaitGroup
			both.Go(func() { line = b.open(0, true) })
			both.Go(func() { id = a.call("bob").Id })
			both.Wait()
			if _, err := a.cancel(id); err != nil {
				t.Fatal(err)
			}
			line.call("its end", func(c *v1.Call) bool { return c.Id == id && c.State == v1.CallState_CALL_STATE_ENDED })
			if took := time.Since(began); took > time.Second {
				t.Fatalf("the end came after %s", took)
			}
			line.end()
			synctest.Wait()
		}
	})
}

// A node that slept so long that the others forgot it sends its devices away when it wakes: nobody knows they are there.
func TestForgottenNode(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		b := c.two.phone("bob", "b1", voip(2))
		line := b.open(0, true)
		time.Sleep(3 * time.Second)
		if err := c.presence.RemoveNode(t.Context(), "n2", time.Now()); err != nil {
			t.Fatal(err)
		}
		for range line.events {
		}
		wantProblem(t, "the stream", line.err, connect.CodeUnavailable, "node_cut_off")
		again := b.open(0, true)
		began := time.Now()
		id := c.one.phone("alice", "a1", "").call("bob").Id
		if got := again.next().GetCall(); got.GetId() != id || time.Since(began) > time.Second {
			t.Errorf("after %s came %v", time.Since(began), got)
		}
	})
}

// A node that leaves in good order is no neighbour any more at once, and its devices are waited for.
func TestNodeLeaves(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		a, web := c.one.phone("alice", "a1", ""), c.two.phone("carol", "c1", "")
		line := web.open(0, true)
		time.Sleep(2 * time.Minute) // virtual; registering is long ago
		c.two.halt()
		for range line.events {
		}
		wantProblem(t, "the stream", line.err, connect.CodeUnavailable, "server_stopping")
		nodes, err := c.presence.Beat(t.Context(), "n1")
		if err != nil || len(nodes) != 1 {
			t.Errorf("after it left there are %v (%v)", nodes, err)
		}
		id := a.call("carol").Id // between one node and the next
		web.w = c.one
		if there := web.open(0, true); len(there.hello.Calls) != 1 || there.hello.Calls[0].Id != id {
			t.Errorf("greeted with %v", there.hello)
		}
	})
}
