package webrtc

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/media"
)

// chromiumOffer is an offer as Chromium makes it: audio, video and data, mDNS candidates and much else.
const chromiumOffer = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\na=extmap-allow-mixed\r\n" +
	"a=msid-semantic: WMS stream\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" +
	"a=candidate:2 1 udp 2113937151 0a1b2c3d-1111-4222-8333-444455556666.local 50000 typ host generation 0 network-cost 999\r\n" +
	"a=ice-ufrag:Zs9q\r\na=ice-pwd:0123456789abcdefghijklmn\r\na=ice-options:trickle\r\n" +
	"a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n" +
	"a=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:stream track\r\na=rtcp-mux\r\n" +
	"a=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\n" +
	"a=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n" +
	"a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\na=ssrc:1234567890 cname:x\r\na=ssrc:1234567890 msid:stream track\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Zs9q\r\na=ice-pwd:0123456789abcdefghijklmn\r\n" +
	"a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n" +
	"a=setup:actpass\r\na=mid:1\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n" +
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Zs9q\r\na=ice-pwd:0123456789abcdefghijklmn\r\n" +
	"a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n" +
	"a=setup:actpass\r\na=mid:2\r\na=sctp-port:5000\r\n"

func quiet(t testing.TB) (*Factory, chan media.Message, media.Config) {
	t.Helper()
	f, err := NewFactory(Config{Loopback: true, Addresses: func(ip net.IP) bool { return ip.Equal(net.IPv4(127, 0, 0, 1)) }})
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan media.Message, 256)
	return f, sent, media.Config{Role: media.Answerer, Notify: func(media.Event) {}, Send: func(m media.Message) {
		select {
		case sent <- m:
		default:
		}
	}}
}

// TestChromiumOffer: audio is accepted, what else is offered is refused in the answer.
func TestChromiumOffer(t *testing.T) {
	f, sent, cfg := quiet(t)
	s, err := f.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Prepare(), s.Warm(), s.Receive(media.Message{Session: "s", Kind: media.Offer, Data: chromiumOffer})); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{
		`{"candidate":"candidate:2 1 udp 2113937151 0a1b2c3d-1111-4222-8333-444455556666.local 50000 typ host generation 0 ufrag Zs9q network-cost 999","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"Zs9q"}`,
		`{"candidate":"candidate:3 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag Zs9q network-id 1","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"Zs9q"}`,
		`{"candidate":"","sdpMid":"0"}`, "",
	} {
		if err := s.Receive(media.Message{Session: "s", Kind: media.Candidate, Data: c}); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	answer := (<-sent).Data
	for _, want := range []string{"opus/48000", "telephone-event/8000", "telephone-event/48000", "m=video 0", "a=ice-ufrag:", "a=sendrecv"} {
		if !strings.Contains(answer, want) {
			t.Errorf("the answer has no %q:\n%s", want, answer)
		}
	}
	if strings.Contains(answer, "PCMU") {
		t.Error("the answer accepts what we can't decode")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzReceive gives whatever comes to an answerer; it takes it or refuses it with ErrBadMessage, and can be
// closed.
func FuzzReceive(f *testing.F) {
	f.Add(int32(1), chromiumOffer)
	f.Add(int32(3), `{"candidate":"candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"Zs9q"}`)
	f.Add(int32(3), `{"candidate":"candidate:1 1 tcp 1 ::1 9 typ relay raddr 1.1.1.1 rport 1 tcptype passive"}`)
	f.Add(int32(2), "v=0\r\n")
	f.Add(int32(4), "")
	factory, _, cfg := quiet(f)
	f.Fuzz(func(t *testing.T, kind int32, data string) {
		dog := time.AfterFunc(20*time.Second, func() { panic(fmt.Sprintf("a message of kind %d makes it hang: %q", kind, data)) })
		defer dog.Stop()
		s, err := factory.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Prepare(), s.Warm()); err != nil {
			t.Fatal(err)
		}
		good := media.Message{Session: "s", Kind: media.Offer, Data: chromiumOffer}
		for _, m := range []media.Message{{Session: "s", Kind: media.MessageKind(kind), Data: data}, good, {Session: "s", Kind: media.MessageKind(kind), Data: data}} {
			err := s.Receive(m)
			if err != nil && !errors.Is(err, media.ErrBadMessage) {
				t.Errorf("an error of no kind: %v", err)
			}
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

func FuzzCredentials(f *testing.F) {
	f.Add([]byte(`{"iceServers":[{"urls":["turn:x:1?transport=udp"],"username":"u","credential":"c"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		factory, _, cfg := quiet(t)
		cfg.Credentials = b
		s, err := factory.New(cfg)
		if err != nil {
			return
		}
		_ = s.Warm() // a server's address may still be wrong
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
