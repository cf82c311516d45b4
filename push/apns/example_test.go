package apns_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apns"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// A whole push, from a server to a phone, through a local APNs.
func Example() {
	apple := apnstest.New(apnstest.Config{})
	p8, pub := apnstest.GenerateKey()
	apple.RegisterTeam("TEAM123456", "KEY1234567", pub)
	apple.RegisterApp("com.example.phone", "TEAM123456")
	rang := make(chan apnstest.Delivery, 1)
	token := apple.IssueToken("com.example.phone", push.Sandbox, func(d apnstest.Delivery) { rang <- d })

	sender, err := apns.New(apns.Config{Key: p8, KeyID: "KEY1234567", TeamID: "TEAM123456",
		SandboxURL: apple.URL(push.Sandbox), TLS: &tls.Config{RootCAs: apple.Roots()}}) // real Apple: neither URL nor TLS
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := sender.Send(context.Background(), push.Push{
		ID: "eabeae54-14a8-4d5a-b2ab-67aaaa6da4cc", BundleID: "com.example.phone", Token: token, Environment: push.Sandbox,
		Payload: []byte(`{"aps":{},"call":"Alice"}`), Deadline: time.Now().Add(45 * time.Second)})
	fmt.Println(receipt.ID, receipt.Attempts, err)
	fmt.Printf("%s\n", (<-rang).Payload)
	sender.Close()
	apple.Close()
	// Output:
	// eabeae54-14a8-4d5a-b2ab-67aaaa6da4cc 1 <nil>
	// {"aps":{},"call":"Alice"}
}
