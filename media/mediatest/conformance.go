package mediatest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/media"
)

// Run is the conformance suite of media.Factory. pair returns two factories whose sessions can reach each
// other, over whatever they are made for, and whose ends say something that is no silence. Run takes real
// time, but never waits longer than it has to.
func Run(t *testing.T, pair func(t *testing.T) (a, b media.Factory)) {
	for name, test := range map[string]func(*testing.T, *bench){
		"Phases": phases, "NotPrepared": notPrepared, "Idempotence": idempotence, "Closed": closed,
		"CloseInEveryPhase": closeInEveryPhase, "DoubledMessages": doubledMessages, "CandidatesFirst": candidatesFirst,
		"OfferBeforeWarm": offerBeforeWarm, "BadMessages": badMessages, "OtherSessions": otherSessions, "Bye": bye,
		"Mute": mute, "Hold": hold, "DTMF": dtmf, "RestartByOfferer": restartByOfferer, "RestartByAnswerer": restartByAnswerer,
		"Config": config,
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			test(t, newBench(t, a, b))
		})
	}
}

func phases(t *testing.T, b *bench) {
	b.connect()
	for range 2 {
		for _, e := range b.ends() {
			e.must("StartAudio", e.StartAudio)
		}
		for _, e := range b.ends() {
			e.wait(media.FirstMedia)
		}
		for _, e := range b.ends() {
			e.StopAudio()
		}
	}
	for _, e := range b.ends() {
		if st := e.Stats(); st.LocalCandidate == "" || st.RemoteCandidate == "" {
			t.Errorf("%s is connected, but its Stats name no candidates: %+v", e.name, st)
		}
	}
}

func notPrepared(t *testing.T, b *bench) {
	for _, e := range b.ends() {
		if err := e.StartAudio(); !errors.Is(err, media.ErrNotPrepared) {
			t.Errorf("StartAudio of a cold session: %v", err)
		}
	}
}

// idempotence calls everything twice, and what stops before what starts.
func idempotence(t *testing.T, b *bench) {
	for _, e := range b.ends() {
		for range 2 {
			e.StopAudio()
			e.SetHeld(false)
			e.SetMuted(false)
			e.must("Restart", e.Restart)
			e.must("Prepare", e.Prepare)
			e.Stats()
		}
	}
	for _, e := range b.ends() {
		for range 2 {
			e.must("Warm", e.Warm)
			e.must("StartAudio", e.StartAudio)
		}
	}
	for _, e := range b.ends() {
		e.wait(media.Connected)
		e.wait(media.FirstMedia)
	}
	if n := b.a.sent(media.Offer) + b.b.sent(media.Answer); n != 2 {
		t.Errorf("there were %d offers and answers; want one each", n)
	}
}

func closed(t *testing.T, b *bench) {
	b.connect()
	b.a.closeTwice()
}

func closeInEveryPhase(t *testing.T, b *bench) {
	factories := [2]media.Factory{b.a.factory, b.b.factory}
	for n := range 6 {
		b := newBench(t, factories[0], factories[1])
		for i, step := range []func(){
			func() {},
			func() { b.a.must("Prepare", b.a.Prepare); b.b.must("Prepare", b.b.Prepare) },
			func() { b.a.must("Warm", b.a.Warm) },
			func() { b.b.must("Warm", b.b.Warm) },
			func() { b.a.wait(media.Connected); b.b.wait(media.Connected) },
			func() { b.a.must("StartAudio", b.a.StartAudio); b.b.must("StartAudio", b.b.StartAudio) },
		} {
			if i <= n {
				step()
			}
		}
		b.a.must("Close", b.a.Close)
		b.b.must("Close", b.b.Close)
	}
}

func doubledMessages(t *testing.T, b *bench) {
	b.deliver = func(_ *end, m media.Message) []media.Message { return []media.Message{m, m} }
	b.connect()
	b.talk()
	if n := b.b.sent(media.Answer); n != 1 {
		t.Errorf("a doubled offer was answered %d times", n)
	}
}

// candidatesFirst lets a candidate overtake its description at both ends.
func candidatesFirst(_ *testing.T, b *bench) {
	held := map[*end][]media.Message{}
	b.deliver = func(from *end, m media.Message) []media.Message {
		switch m.Kind {
		case media.Offer, media.Answer:
			held[from] = append(held[from], m)
			return nil
		default:
			out := append([]media.Message{m}, held[from]...)
			held[from] = nil
			return out
		}
	}
	b.connect()
	b.talk()
}

func offerBeforeWarm(_ *testing.T, b *bench) {
	b.a.must("Prepare", b.a.Prepare)
	b.b.must("Prepare", b.b.Prepare)
	b.a.must("Warm", b.a.Warm)
	b.delivered(b.a, media.Candidate)
	b.b.must("Warm", b.b.Warm)
	b.a.wait(media.Connected)
	b.b.wait(media.Connected)
	b.talk()
}

func badMessages(t *testing.T, b *bench) {
	for _, phase := range []func(){func() {}, b.connect, b.talk} {
		phase()
		for _, e := range b.ends() {
			for _, m := range bad(e == b.a) {
				if err := e.Receive(m); !errors.Is(err, media.ErrBadMessage) {
					t.Errorf("%s took a message of kind %d, %.40q: %v", e.name, m.Kind, m.Data, err)
				}
			}
		}
	}
	b.talk()
}

// bad returns messages that an offerer or an answerer must refuse. (An answerer's session may have no name
// yet, and must not take one from a bad message.)
func bad(offerer bool) (all []media.Message) {
	long := strings.Repeat("x", media.MaxMessage+1)
	add := func(kind media.MessageKind, data ...string) {
		for _, d := range data {
			all = append(all, media.Message{Session: "s", Kind: kind, Data: d})
		}
	}
	add(0, "", "x")
	add(99, "")
	add(media.Candidate, "x", "{", `{"candidate":"candidate:1 1"}`, `{"candidate":7}`, long)
	if offerer {
		add(media.Offer, "v=0", "x", long)
		add(media.Answer, long)
	} else {
		add(media.Offer, "", "x", "v=0\r\n", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", long)
		add(media.Answer, "", "v=0", long)
	}
	return all
}

func otherSessions(t *testing.T, b *bench) {
	b.connect()
	b.talk()
	for _, e := range b.ends() {
		for _, kind := range []media.MessageKind{media.Offer, media.Answer, media.Candidate, media.Bye} {
			if err := e.Receive(media.Message{Session: "another", Kind: kind, Data: "x"}); err != nil {
				t.Errorf("a message of another session is not for %s, but it says %v", e.name, err)
			}
		}
	}
	b.talk()
}

func bye(t *testing.T, b *bench) {
	b.connect()
	b.talk()
	b.a.must("Close", b.a.Close)
	for {
		e := b.b.next()
		if e.Kind == media.Failed {
			if !errors.Is(e.Err, media.ErrBye) {
				t.Errorf("after a Bye the session failed with %v", e.Err)
			}
			break
		}
	}
	b.b.must("Warm", b.b.Warm)
	b.b.must("Restart", b.b.Restart)
}

// mute uses a key as the proof that time has passed: sound would have come before it.
func mute(t *testing.T, b *bench) {
	b.connect()
	b.b.SetMuted(true)
	for _, e := range b.ends() {
		e.must("StartAudio", e.StartAudio)
	}
	b.b.wait(media.FirstMedia)
	b.b.must("PlayDTMF", func() error { return b.b.PlayDTMF("55") })
	for range 2 {
		if e := b.a.next(); e.Kind != media.DTMF {
			t.Errorf("while the far end was muted: %s", kinds[e.Kind])
		}
	}
	b.b.SetMuted(false)
	b.a.wait(media.FirstMedia)
}

func hold(t *testing.T, b *bench) {
	b.connect()
	b.b.SetHeld(true)
	for _, e := range b.ends() {
		e.must("StartAudio", e.StartAudio)
	}
	if err := b.b.PlayDTMF("1"); !errors.Is(err, media.ErrNotConnected) {
		t.Errorf("PlayDTMF on hold: %v", err)
	}
	b.b.SetHeld(true)
	b.b.SetHeld(false)
	b.a.wait(media.FirstMedia)
	b.b.wait(media.FirstMedia)
}

func dtmf(t *testing.T, b *bench) {
	if err := b.a.PlayDTMF("1"); !errors.Is(err, media.ErrNotConnected) {
		t.Errorf("PlayDTMF of a cold session: %v", err)
	}
	b.connect()
	b.talk()
	for _, row := range []string{"", "x", "12 3", "1é"} {
		if err := b.a.PlayDTMF(row); err == nil || errors.Is(err, media.ErrNotConnected) {
			t.Errorf("PlayDTMF(%q): %v", row, err)
		}
	}
	const keys = "0123456789*#ABCD11"
	b.a.must("PlayDTMF", func() error { return b.a.PlayDTMF(keys[:9]) })
	b.a.must("PlayDTMF", func() error { return b.a.PlayDTMF(strings.ToLower(keys[9:])) })
	var got []byte
	for len(got) < len(keys) {
		got = append(got, b.b.wait(media.DTMF).Digit)
	}
	slices.Sort(got) // a row may be played beside one that plays already
	want := []byte(keys)
	slices.Sort(want)
	if string(got) != string(want) {
		t.Errorf("%q arrived as %q", want, got)
	}
}

func restartByOfferer(_ *testing.T, b *bench)  { restart(b, b.a) }
func restartByAnswerer(_ *testing.T, b *bench) { restart(b, b.b) }

func restart(b *bench, by *end) {
	b.connect()
	b.talk()
	answers := b.b.sent(media.Answer)
	by.must("Restart", by.Restart)
	for b.b.sent(media.Answer) == answers {
		b.delivered(b.b, media.Answer)
	}
	b.talk()
}

func config(t *testing.T, b *bench) {
	send, notify := func(media.Message) {}, func(media.Event) {}
	for name, cfg := range map[string]media.Config{
		"no Send": {Role: media.Answerer, Notify: notify}, "no Notify": {Role: media.Answerer, Send: send},
		"no Role": {Session: "s", Send: send, Notify: notify}, "an offerer without a name": {Role: media.Offerer, Send: send, Notify: notify},
	} {
		if s, err := b.a.factory.New(cfg); err == nil {
			t.Errorf("New took a Config with %s", name)
			_ = s.Close()
		}
	}
}
