package apns_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"testing"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// inFlight is how many pushes a core keeps in flight in the benchmarks.
const inFlight = 50

// BenchmarkSend is the sender against the local APNs, both in this process. Compare with BenchmarkBareHTTP2 of the same
// run only: what is left is the price of the pool, the deadline, the checks and the receipt.
func BenchmarkSend(b *testing.B) {
	w := newWorld(b, apnstest.Config{LogSize: 10}, nil)
	w.token = w.srv.IssueToken(bundle, push.Production, nil)
	w.mustSend(w.push())
	p := w.push()
	b.ReportAllocs()
	b.SetParallelism(inFlight)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.sender.Send(context.Background(), p); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkBareHTTP2 is the floor: net/http alone, the same request on one warm connection, no checks, no retries.
func BenchmarkBareHTTP2(b *testing.B) {
	w := newWorld(b, apnstest.Config{LogSize: 10}, nil)
	w.token = w.srv.IssueToken(bundle, push.Production, nil)
	authorization, _, err := w.sender.Authorization()
	if err != nil {
		b.Fatal(err)
	}
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.srv.Roots()}, Protocols: &protocols, DisableCompression: true}
	defer tr.CloseIdleConnections()
	p := w.push()
	url := w.srv.URL(push.Production) + "/3/device/" + p.Token
	header := http.Header{
		"Authorization": {authorization}, "Apns-Id": {p.ID}, "Apns-Topic": {bundle + ".voip"}, "Apns-Push-Type": {"voip"},
		"Apns-Priority": {"10"}, "Apns-Expiration": {"0"}, "User-Agent": {"ringtrip"},
	}
	send := func() {
		req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(p.Payload))
		if err != nil {
			b.Error(err)
			return
		}
		req.Header = header
		resp, err := tr.RoundTrip(req)
		if err != nil {
			b.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if resp.Body.Close() != nil || resp.StatusCode != 200 {
			b.Errorf("status %d", resp.StatusCode)
		}
	}
	send()
	b.ReportAllocs()
	b.SetParallelism(inFlight)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			send()
		}
	})
}
