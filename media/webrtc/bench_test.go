package webrtc

import (
	"net"
	"testing"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"github.com/ringtrip/ringtrip/media"
)

// BenchmarkAnswerToFirstAudio tells how long it takes from the answer until both ends have decoded sound of
// each other: "warm", as ringtrip calls (the transport connected while it rang), and "cold" (everything
// begins with the answer). "pion" is the floor of cold: a bare peer connection, from nothing to the first
// RTP packet. On loopback; 20 ms of each are the first frame, and up to 40 ms the jitter buffer.
func BenchmarkAnswerToFirstAudio(b *testing.B) {
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			x, y := call(b, func(c *Config) { c.NewCodec = NewOpus })
			y.do(y.Prepare, y.Warm)
			x.do(x.Prepare, x.Warm)
			x.wait(media.Connected)
			y.wait(media.Connected)
			b.StartTimer()
			talkAndClose(b, x, y)
		}
	})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			x, y := call(b, func(c *Config) { c.NewCodec = NewOpus })
			y.do(y.Prepare, y.Warm)
			x.do(x.Prepare, x.Warm)
			talkAndClose(b, x, y)
		}
	})
	b.Run("pion", func(b *testing.B) {
		for b.Loop() {
			barePion(b)
		}
	})
}

func talkAndClose(b *testing.B, x, y *party) {
	x.do(x.StartAudio)
	y.do(y.StartAudio)
	x.wait(media.FirstMedia)
	y.wait(media.FirstMedia)
	b.StopTimer()
	x.do(x.Close)
	y.do(y.Close)
	b.StartTimer()
}

func barePion(b *testing.B) {
	var s pion.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(func(ip net.IP) bool { return ip.Equal(net.IPv4(127, 0, 0, 1)) })
	s.SetPrflxAcceptanceMinWait(0)
	api := pion.NewAPI(pion.WithSettingEngine(s))
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	x, err := api.NewPeerConnection(pion.Configuration{})
	must(err)
	y, err := api.NewPeerConnection(pion.Configuration{})
	must(err)
	track, err := pion.NewTrackLocalStaticRTP(pion.RTPCodecCapability{MimeType: pion.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "audio", "call")
	must(err)
	_, err = x.AddTrack(track)
	must(err)
	x.OnICECandidate(func(c *pion.ICECandidate) {
		if c != nil {
			_ = y.AddICECandidate(c.ToJSON()) // the other is being closed
		}
	})
	connected, came := make(chan struct{}), make(chan struct{})
	x.OnConnectionStateChange(func(st pion.PeerConnectionState) {
		if st == pion.PeerConnectionStateConnected {
			close(connected)
		}
	})
	y.OnTrack(func(t *pion.TrackRemote, _ *pion.RTPReceiver) {
		if _, _, err := t.ReadRTP(); err == nil {
			close(came)
		}
	})
	offer, err := x.CreateOffer(nil)
	must(err)
	must(y.SetRemoteDescription(offer))
	must(x.SetLocalDescription(offer))
	answer, err := y.CreateAnswer(nil)
	must(err)
	must(y.SetLocalDescription(answer))
	must(x.SetRemoteDescription(answer))
	<-connected
	must(track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 111}, Payload: []byte{0xf8, 0xff, 0xfe}}))
	<-came
	b.StopTimer()
	must(x.GracefulClose())
	must(y.GracefulClose())
	b.StartTimer()
}
