// Command apns2 sends pushes with github.com/sideshow/apns2 for "ringtrip bench push". It is a module of its own, so that
// apns2 and what it needs never reach ringtrip's.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/sideshow/apns2"
	"github.com/sideshow/apns2/token"
	"golang.org/x/net/http2"
)

func main() {
	if err := pushRunner(os.Stdin, os.Stdout, open); err != nil {
		fmt.Fprintln(os.Stderr, "apns2:", err)
		os.Exit(1)
	}
}

// open makes a client as its README says.
func open(o pushOrder) (func(id string) error, error) {
	key, err := token.AuthKeyFromFile(o.Key)
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(o.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := apns2.NewTokenClient(&token.Token{AuthKey: key, KeyID: o.KeyID, TeamID: o.Team})
	client.Host = o.URL
	client.HTTPClient.Transport.(*http2.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	payload := []byte(o.Payload)
	return func(id string) error {
		r, err := client.Push(&apns2.Notification{
			ApnsID: id, DeviceToken: o.Token, Topic: o.BundleID + ".voip", PushType: apns2.PushTypeVOIP,
			Priority: apns2.PriorityHigh, Expiration: time.Unix(1, 0), Payload: payload, // it can't send 0
		})
		switch {
		case err != nil:
			return err
		case r.StatusCode != http.StatusOK:
			return fmt.Errorf("%d %s", r.StatusCode, r.Reason)
		}
		return nil
	}, nil
}
