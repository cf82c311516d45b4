package nats

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/ringtrip/ringtrip/bus"
	"github.com/ringtrip/ringtrip/bus/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a secret of the tests"

// natsServer is a NATS server as an operator would run it, beside the nodes.
func natsServer(t *testing.T, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server did not start")
	}
	return s
}

func open(t *testing.T, cfg Config) *Bus {
	t.Helper()
	b, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestExternal(t *testing.T) {
	s := natsServer(t, server.RANDOM_PORT)
	bustest.Run(t, func(t *testing.T) bus.Bus { return open(t, Config{Node: "n1", URL: s.ClientURL()}) })
	bustest.RunNodes(t, func(t *testing.T, names ...string) (all []bus.Bus) {
		for _, name := range names {
			all = append(all, open(t, Config{Node: name, URL: s.ClientURL()}))
		}
		return all
	})
}

func TestEmbedded(t *testing.T) {
	bustest.Run(t, func(t *testing.T) bus.Bus {
		return open(t, Config{Node: "n1", Embedded: &Embedded{Listen: "127.0.0.1:0", Secret: secret}})
	})
	bustest.RunNodes(t, func(t *testing.T, names ...string) (all []bus.Bus) {
		var first string
		for _, name := range names {
			e := &Embedded{Listen: "127.0.0.1:0", Secret: secret}
			if first != "" {
				e.Peers = []string{first} // the others are found through it
			}
			b := open(t, Config{Node: name, Embedded: e})
			if first == "" {
				first = b.server.address()
			}
			all = append(all, b)
		}
		return all
	})
}

// A node whose NATS server is gone wakes its own streams, and all of them when the server is back.
func TestCutOff(t *testing.T) {
	s := natsServer(t, server.RANDOM_PORT)
	a, b := open(t, Config{Node: "n1", URL: s.ClientURL()}), open(t, Config{Node: "n2", URL: s.ClientURL()})
	mine, err := a.Listen(t.Context(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.Listen(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	port := s.Addr().(*net.TCPAddr).Port
	s.Shutdown()
	s.WaitForShutdown()
	a.Publish("mine", "n1", "n2")
	await(t, mine, "a publish of its own")
	for range 2 * queueLength { // nobody takes them: it must not block
		a.Publish("other", "n2")
	}
	natsServer(t, port)
	await(t, mine, "the bus coming back")
	await(t, other, "the bus coming back")
	for done := false; !done; {
		a.Publish("other", "n2")
		select {
		case <-other:
			done = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	if st := a.Stats(); !st.Connected || st.Sent == 0 || st.Dropped == 0 {
		t.Errorf("the counters are %+v", st)
	}
}

// A bus may be opened before there is any NATS server.
func TestServerComesLater(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	url := "nats://" + l.Addr().String()
	a, b := open(t, Config{Node: "n1", URL: url}), open(t, Config{Node: "n2", URL: url})
	if a.Connected() {
		t.Error("it is connected with nobody")
	}
	wake, err := b.Listen(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	natsServer(t, port)
	for {
		a.Publish("x", "n2")
		select {
		case <-wake:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A node with another secret is not let in.
func TestWrongSecret(t *testing.T) {
	a := open(t, Config{Node: "n1", Embedded: &Embedded{Listen: "127.0.0.1:0", Secret: secret}})
	b := open(t, Config{Node: "n2", Embedded: &Embedded{Listen: "127.0.0.1:0", Secret: secret + "?", Peers: []string{a.server.address()}}})
	wake, err := a.Listen(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		b.Publish("x", "n1")
		select {
		case <-wake:
			t.Fatal("a stranger woke a stream")
		case <-time.After(20 * time.Millisecond):
		}
	}
	if a.Peers() != 0 {
		t.Error("a stranger is connected")
	}
}

func TestConfigurationMistakes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	fine := func() *Embedded { return &Embedded{Listen: "127.0.0.1:0", Secret: secret} }
	for want, cfg := range map[string]Config{
		"name":            {Node: "a.b", Embedded: fine()},
		"prefix":          {Node: "a", Prefix: "a b", Embedded: fine()},
		"either":          {Node: "a"},
		"16 characters":   {Node: "a", Embedded: &Embedded{Listen: "127.0.0.1:0", Secret: "short"}},
		"host:port":       {Node: "a", Embedded: &Embedded{Listen: "here", Secret: secret}},
		"a peer":          {Node: "a", Embedded: &Embedded{Listen: "127.0.0.1:0", Secret: secret, Peers: []string{"there"}}},
		"embedded server": {Node: "a", Embedded: &Embedded{Listen: taken.Addr().String(), Secret: secret}},
		"must be like":    {Node: "a", URL: "nats://user:hunter2@host:port"},
	} {
		b, err := Open(cfg)
		if err == nil {
			_ = b.Close()
			t.Errorf("%s: it was taken", want)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func await(t *testing.T, wake <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-wake:
	case <-time.After(10 * time.Second):
		t.Fatalf("nobody was woken by %s", what)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("app/device"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		topic, ok := decode(data)
		if ok && (topic != string(data) || len(topic) > bus.MaxTopic || topic == "") {
			t.Errorf("%q became %q", data, topic)
		}
	})
}

func BenchmarkPublishToAnotherNode(b *testing.B) {
	first, err := Open(Config{Node: "n1", Embedded: &Embedded{Listen: "127.0.0.1:0", Secret: secret}})
	if err != nil {
		b.Fatal(err)
	}
	defer first.Close()
	second, err := Open(Config{Node: "n2", Embedded: &Embedded{Listen: "127.0.0.1:0", Secret: secret, Peers: []string{first.server.address()}}})
	if err != nil {
		b.Fatal(err)
	}
	defer second.Close()
	wake, err := second.Listen(b.Context(), "x")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() { // there and nowhere else: the time that a wake-up takes
		first.Publish("x", "n2")
		for woke := false; !woke; {
			select {
			case <-wake:
				woke = true
			case <-time.After(100 * time.Millisecond):
				first.Publish("x", "n2")
			}
		}
	}
}
