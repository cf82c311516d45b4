package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime/pprof"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
)

// benchPushSendCmd is one sender in a process of its own, driven by "bench push".
type benchPushSendCmd struct {
	Sender string `arg:"" enum:"ringtrip,net/http"`
}

// Run obeys standard input.
func (c *benchPushSendCmd) Run(ctx context.Context, o out) error {
	var profile *os.File
	err := pushRunner(os.Stdin, o, func(order pushOrder) (func(string) error, error) {
		if order.Profile != "" {
			f, err := os.Create(order.Profile)
			if err != nil {
				return nil, err
			}
			if err := pprof.StartCPUProfile(f); err != nil {
				return nil, err
			}
			profile = f
		}
		roots, err := rootsFrom(order.CA)
		if err != nil {
			return nil, err
		}
		p8, err := os.ReadFile(order.Key)
		if err != nil {
			return nil, err
		}
		if c.Sender == "net/http" {
			return barePush(ctx, order, p8, roots)
		}
		return ownPush(ctx, order, p8, roots)
	})
	if profile != nil {
		pprof.StopCPUProfile()
		_ = profile.Close() // a profile that is cut off can be seen to be
	}
	return err
}

func rootsFrom(file string) (*x509.CertPool, error) {
	ca, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return roots, nil
}

// ownPush is push/apns as the server uses it.
func ownPush(ctx context.Context, o pushOrder, p8 []byte, roots *x509.CertPool) (func(string) error, error) {
	s, err := apns.New(apns.Config{Key: p8, KeyID: o.KeyID, TeamID: o.Team, ProductionURL: o.URL, TLS: &tls.Config{RootCAs: roots}})
	if err != nil {
		return nil, err
	}
	payload := []byte(o.Payload)
	return func(id string) error {
		_, err := s.Send(ctx, push.Push{
			ID: id, BundleID: o.BundleID, Token: o.Token, Environment: push.Production, Payload: payload, Deadline: time.Now().Add(45 * time.Second),
		})
		return err
	}, nil
}

// barePush is the floor: net/http's Transport with headers made before; no checks, no gate, no retries.
func barePush(ctx context.Context, o pushOrder, p8 []byte, roots *x509.CertPool) (func(string) error, error) {
	key, err := jwt.ParseECPrivateKeyFromPEM(p8)
	if err != nil {
		return nil, err
	}
	unsigned := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"iss": o.Team, "iat": time.Now().Add(-time.Minute).Unix()})
	unsigned.Header["kid"] = o.KeyID
	bearer, err := unsigned.SignedString(key)
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(o.URL + "/3/device/" + o.Token)
	if err != nil {
		return nil, err
	}
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: &protocols, DisableCompression: true}
	payload := []byte(o.Payload)
	authorization, topic, kind, ten, zero := []string{"bearer " + bearer}, []string{o.BundleID + ".voip"}, []string{"voip"}, []string{"10"}, []string{"0"}
	return func(id string) error {
		r := (&http.Request{
			Method: http.MethodPost, URL: target, Host: target.Host, Body: io.NopCloser(bytes.NewReader(payload)), ContentLength: int64(len(payload)),
			Header: http.Header{
				"Authorization": authorization, "Apns-Id": {id}, "Apns-Topic": topic, "Apns-Push-Type": kind, "Apns-Priority": ten, "Apns-Expiration": zero,
			},
		}).WithContext(ctx)
		resp, err := t.RoundTrip(r)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, resp.Body) // nothing is said with 200
		if err := resp.Body.Close(); err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("APNs answered %s", resp.Status)
		}
		return nil
	}, nil
}
