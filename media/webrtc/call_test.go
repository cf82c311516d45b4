package webrtc

import (
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pionnet "github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	pion "github.com/pion/webrtc/v4"

	"github.com/ringtrip/ringtrip/media"
	"github.com/ringtrip/ringtrip/media/audio"
)

// A party is one end of a call in a test, who sings and listens.
type party struct {
	media.Session
	t      testing.TB
	events chan media.Event
	ears   *audio.Recognizer
	heard  chan audio.Hearing
	played chan struct{} // one for each frame, if somebody waits
	mu     sync.Mutex
	far    media.Session
}

// call returns two parties that are wired to each other; a sings signature 100 and b 200.
func call(t testing.TB, change func(*Config)) (a, b *party) {
	t.Helper()
	a, b = newParty(t, 100, media.Offerer, change), newParty(t, 200, media.Answerer, change)
	a.meet(b)
	b.meet(a)
	return a, b
}

func newParty(t testing.TB, id int, role media.Role, change func(*Config), credentials ...byte) *party {
	t.Helper()
	p := &party{t: t, events: make(chan media.Event, 64), heard: make(chan audio.Hearing, 64), played: make(chan struct{})}
	p.ears = audio.NewRecognizer(func(h audio.Hearing) { p.heard <- h })
	cfg := Config{
		Loopback:  true,
		Addresses: func(ip net.IP) bool { return ip.Equal(net.IPv4(127, 0, 0, 1)) },
		NewCodec:  newSketch,
		Audio: func(media.Config) (audio.Source, audio.Sink, error) {
			return audio.NewSignature(id), audio.Tee{p.ears, p}, nil
		},
	}
	if change != nil {
		change(&cfg)
	}
	f, err := NewFactory(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.Session, err = f.New(media.Config{
		CallID: "c", Session: "s", Role: role, Credentials: credentials,
		Send: func(m media.Message) {
			p.mu.Lock()
			far := p.far
			p.mu.Unlock()
			if err := far.Receive(m); err != nil && !errors.Is(err, media.ErrClosed) {
				t.Errorf("message of kind %d: %v", m.Kind, err)
			}
		},
		Notify: func(e media.Event) { p.events <- e },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Write is the end of the loudspeaker.
func (p *party) Write([]int16) {
	select {
	case p.played <- struct{}{}:
	default:
	}
}

// play waits until n frames were played: 20 ms each, at least.
func (p *party) play(n int) {
	p.t.Helper()
	for range n {
		select {
		case <-p.played:
		case <-time.After(20 * time.Second):
			p.t.Fatal("nothing is played")
		}
	}
}

func (p *party) meet(far *party) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.far = far.Session
}

func (p *party) do(steps ...func() error) {
	p.t.Helper()
	for _, step := range steps {
		if err := step(); err != nil {
			p.t.Fatal(err)
		}
	}
}

// wait waits for an event and passes over others.
func (p *party) wait(kind media.EventKind) media.Event {
	p.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e := <-p.events:
			if e.Kind == kind {
				return e
			}
		case <-deadline:
			p.t.Fatalf("no event of kind %d", kind)
		}
	}
}

// hear waits until signature id begins to be heard.
func (p *party) hear(id int) {
	p.t.Helper()
	select {
	case h := <-p.heard:
		if h.ID != id {
			p.t.Errorf("heard signature %d, want %d", h.ID, id)
		}
	case <-time.After(20 * time.Second):
		p.t.Fatalf("signature %d was not heard", id)
	}
}

// quiet waits until half a second of silence was played: nothing is on the way any more.
func (p *party) quiet() {
	p.t.Helper()
	for n, all := 0, 0; n < 25; n, all = n+1, all+1 {
		p.play(1)
		if p.Stats().AudioLevel > audio.SilenceLevel {
			n = 0
		}
		if all > 1000 {
			p.t.Fatal("there is no silence")
		}
	}
}

// connect warms both and starts their audio.
func connect(a, b *party) {
	a.t.Helper()
	b.do(b.Prepare, b.Warm)
	a.do(a.Prepare, a.Warm)
	a.wait(media.Connected)
	b.wait(media.Connected)
	a.do(a.StartAudio)
	b.do(b.StartAudio)
}

// keys lets from press a key and waits until to has it: all that from said before it has arrived.
func keys(from, to *party) {
	from.t.Helper()
	from.do(func() error { return from.PlayDTMF("777") })
	for range 3 {
		to.wait(media.DTMF)
	}
}

func notes(p *party) int {
	h, _ := p.ears.Heard()
	return h.Notes
}

// TestCall: both ends hear each other's voice, know it by its content, and hear it stop and go on.
func TestCall(t *testing.T) {
	a, b := call(t, nil)
	connect(a, b)
	a.hear(200)
	b.hear(100)

	a.SetMuted(true)
	b.quiet()
	before := notes(b)
	a.ears.Reset()
	a.hear(200) // mute does not stop what is heard
	keys(a, b)
	if after := notes(b); after != before {
		t.Errorf("%d notes were heard of a muted microphone", after-before)
	}
	a.SetMuted(false)
	b.ears.Reset()
	b.hear(100)

	b.SetHeld(true)
	a.quiet()
	a.ears.Reset()
	b.ears.Reset()
	a.play(50) // a second in which a goes on talking
	if _, ok := b.ears.Heard(); ok {
		t.Error("heard somebody on hold")
	}
	if _, ok := a.ears.Heard(); ok {
		t.Error("heard somebody who is on hold")
	}
	b.SetHeld(false)
	a.hear(200)
	b.hear(100)

	a.StopAudio()
	before = notes(a)
	keys(a, b) // keys need no audio
	if after := notes(a); after != before {
		t.Error("something was played after StopAudio")
	}
	a.ears.Reset()
	a.do(a.StartAudio)
	a.hear(200)
	a.wait(media.FirstMedia)

	for _, p := range []*party{a, b} {
		st := p.Stats()
		if st.PacketsSent < 50 || st.PacketsReceived < 50 || st.PacketsLost > st.PacketsReceived/20 || st.BytesSent < 1000 ||
			st.BytesReceived < 1000 || st.LocalCandidate == "" || st.RemoteCandidate == "" || st.Jitter > time.Second/4 {
			t.Errorf("%+v", st)
		}
	}
}

// TestTransportIsLost: a far end that is cut off without a word is noticed, told, and given up.
func TestTransportIsLost(t *testing.T) {
	var cut atomic.Bool
	a, b := call(t, func(c *Config) {
		c.Disconnected, c.Failed, c.KeepAlive = 300*time.Millisecond, 500*time.Millisecond, 50*time.Millisecond
		c.tune = func(s *pion.SettingEngine) { s.SetNet(cuttable(t, &cut)) }
	})
	connect(a, b)
	b.hear(100)
	cut.Store(true)
	a.wait(media.Disconnected)
	b.wait(media.Disconnected)
	if err := a.PlayDTMF("1"); !errors.Is(err, media.ErrNotConnected) {
		t.Errorf("PlayDTMF without a transport: %v", err)
	}
	if e := a.wait(media.Failed); e.Err == nil || errors.Is(e.Err, media.ErrBye) {
		t.Errorf("failed with %v", e.Err)
	}
	cut.Store(false)
	a.do(a.Warm, a.Restart, a.StartAudio)
	if err := a.Receive(media.Message{Session: "s", Kind: media.Answer, Data: "v=0"}); err != nil {
		t.Errorf("a failed session wants no messages, but says %v", err)
	}
}

// TestTransportComesBack: a network that is gone for a while takes no one's doing to come back.
func TestTransportComesBack(t *testing.T) {
	var cut atomic.Bool
	a, b := call(t, func(c *Config) {
		c.Disconnected, c.Failed, c.KeepAlive = 300*time.Millisecond, 20*time.Second, 50*time.Millisecond
		c.tune = func(s *pion.SettingEngine) { s.SetNet(cuttable(t, &cut)) }
	})
	connect(a, b)
	b.hear(100)
	cut.Store(true)
	a.wait(media.Disconnected)
	b.wait(media.Disconnected)
	a.ears.Reset()
	b.ears.Reset()
	cut.Store(false)
	a.wait(media.Connected)
	b.wait(media.Connected)
	a.hear(200)
	b.hear(100)
}

// TestHangUpIsFasterThanItsBye: the far end's DTLS says that it is over, even if its Bye does not come.
func TestHangUpIsFasterThanItsBye(t *testing.T) {
	a, b := call(t, nil)
	connect(a, b)
	b.meet(newParty(t, 1, media.Answerer, nil))
	b.do(b.Close)
	if e := a.wait(media.Failed); !errors.Is(e.Err, media.ErrBye) {
		t.Errorf("failed with %v", e.Err)
	}
}

// cuttable returns the system's network, whose cable can be pulled.
func cuttable(t testing.TB, cut *atomic.Bool) pionnet.Net {
	t.Helper()
	n, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	return cutNet{n, cut}
}

type cutNet struct {
	pionnet.Net
	cut *atomic.Bool
}

func (n cutNet) ListenUDP(network string, addr *net.UDPAddr) (pionnet.UDPConn, error) {
	c, err := n.Net.ListenUDP(network, addr)
	return cutConn{c, n.cut}, err
}

type cutConn struct {
	pionnet.UDPConn
	cut *atomic.Bool
}

func (c cutConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.cut.Load() {
		return len(b), nil
	}
	return c.UDPConn.WriteTo(b, to)
}

// TestICERestartKeepsTheCall: after a restart by either end the path is a new one and the voice is still there.
func TestICERestartKeepsTheCall(t *testing.T) {
	a, b := call(t, nil)
	connect(a, b)
	a.hear(200)
	b.hear(100)
	for _, by := range []*party{a, b, a} {
		before := a.Stats().LocalCandidate
		by.do(by.Restart)
		for n := 0; a.Stats().LocalCandidate == before || a.Stats().LocalCandidate == ""; n++ {
			if a.play(1); n > 1000 {
				t.Fatalf("the path is still %s", before)
			}
		}
		a.ears.Reset()
		b.ears.Reset()
		a.hear(200)
		b.hear(100)
	}
}

type closer struct {
	audio.Silence
	audio.Discard
	closed chan struct{}
}

func (c *closer) Close() error {
	close(c.closed)
	return errors.New("disk full")
}

func TestAudioIsOpenedOnceAndClosed(t *testing.T) {
	opened := 0
	src := &closer{closed: make(chan struct{})}
	var fail error
	f, err := NewFactory(Config{Audio: func(media.Config) (audio.Source, audio.Sink, error) {
		opened++
		return src, nil, fail
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.New(media.Config{Role: media.Answerer, Send: func(media.Message) {}, Notify: func(media.Event) {}})
	if err != nil {
		t.Fatal(err)
	}
	fail = errors.New("no such file")
	_ = s.Prepare()
	if err := s.StartAudio(); !errors.Is(err, fail) {
		t.Errorf("StartAudio without a microphone: %v", err)
	}
	fail = nil
	for range 2 {
		if err := s.StartAudio(); err != nil {
			t.Error(err)
		}
		s.StopAudio()
	}
	if err := s.Close(); opened != 2 || err == nil {
		t.Errorf("opened %d times, Close says %v", opened, err)
	}
	<-src.closed
}

func TestCredentials(t *testing.T) {
	good := `{"iceServers":[{"urls":["stun:stun.example.com:3478"]},{"urls":"turn:turn.example.com?transport=tcp","username":"u","credential":"c"}]}`
	servers, err := parseCredentials([]byte(good))
	if err != nil || len(servers) != 2 || servers[1].URLs[0] != "turn:turn.example.com?transport=tcp" || servers[1].Credential != "c" {
		t.Errorf("%+v, %v", servers, err)
	}
	f, err := NewFactory(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"x", `{"iceServers":7}`, `{"iceServers":[{}]}`, `{"iceServers":[{"urls":["http://x"]}]}`, `{"iceServers":[{"urls":["turn:x"]}]}`,
		`{"iceServers":[{"urls":[1]}]}`,
	} {
		cfg := media.Config{Role: media.Answerer, Send: func(media.Message) {}, Notify: func(media.Event) {}, Credentials: []byte(bad)}
		if _, err := f.New(cfg); err == nil {
			t.Errorf("New took the credentials %s", bad)
		}
	}
}

// TestBrokenDescriptions: offers that look right and are not must leave the session as it was.
func TestBrokenDescriptions(t *testing.T) {
	for name, change := range broken {
		t.Run(name, func(t *testing.T) {
			a, b := call(t, nil)
			offers := make(chan media.Message, 4)
			a.mu.Lock()
			a.far = receiver{Session: b.Session, got: func(m media.Message) {
				if m.Kind == media.Offer {
					offers <- m
				}
			}}
			a.mu.Unlock()
			a.do(a.Prepare, a.Warm)
			b.do(b.Prepare, b.Warm)
			good := <-offers
			bad := good
			if bad.Data = change(bad.Data); bad.Data == good.Data {
				t.Fatal("nothing was changed")
			}
			for range 2 {
				if err := b.Receive(bad); !errors.Is(err, media.ErrBadMessage) {
					t.Errorf("it was taken: %v", err)
				}
			}
			a.meet(b)
			b.do(func() error { return b.Receive(good) })
			a.do(a.StartAudio)
			b.do(b.StartAudio)
			a.wait(media.FirstMedia)
			b.wait(media.FirstMedia)
			if err := b.Receive(bad); !errors.Is(err, media.ErrBadMessage) {
				t.Errorf("it was taken later: %v", err)
			}
			a.do(a.Restart)
			b.ears.Reset()
			b.hear(100)
		})
	}
}

// A receiver stands between two parties.
type receiver struct {
	media.Session
	got func(media.Message)
}

func (r receiver) Receive(m media.Message) error {
	r.got(m)
	return nil
}

func without(line string) func(string) string {
	return func(sdp string) string {
		lines := strings.SplitAfter(sdp, "\r\n")
		kept := lines[:0]
		for _, l := range lines {
			if !strings.HasPrefix(l, line) {
				kept = append(kept, l)
			}
		}
		return strings.Join(kept, "")
	}
}

func instead(old, with string) func(string) string {
	return func(sdp string) string { return strings.ReplaceAll(sdp, old, with) }
}

// broken are changes to an offer after which it can't be answered.
var broken = map[string]func(string) string{
	"no mid":             without("a=mid:"),
	"no ufrag":           without("a=ice-ufrag:"),
	"no password":        without("a=ice-pwd:"),
	"no fingerprint":     without("a=fingerprint:"),
	"no audio":           without("m=audio"),
	"no codecs":          without("a=rtpmap:"),
	"a video":            instead("m=audio", "m=video"),
	"a bad fingerprint":  instead("a=fingerprint:sha-256 ", "a=fingerprint:"),
	"an unknown hash":    instead("a=fingerprint:sha-256 ", "a=fingerprint:md2 "),
	"a bad payload type": instead("a=rtpmap:111 opus/48000/2", "a=rtpmap:xx opus/48000/2"),
	"a bad clock rate":   instead("opus/48000/2", "opus/fast/2"),
	"another codec":      instead("opus/48000/2", "G729/8000/1"),
	"a bad candidate":    func(s string) string { return s + "a=candidate:1 1 udp x y z typ\r\n" },
}
