// Package proto_test checks that what is generated from the wire contract is not stale.
package proto_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestGenerated compares the contract with the one that `make generate` last ran on. CI also runs the generators
// again and compares their output.
func TestGenerated(t *testing.T) {
	contract, err := os.ReadFile("ringtrip/v1/ringtrip.proto")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("generated.sha256")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(contract)
	if got := hex.EncodeToString(sum[:]); got != strings.TrimSpace(string(want)) {
		t.Errorf("proto/ringtrip/v1/ringtrip.proto changed since the Go and TypeScript code was generated: run make generate and commit what it writes")
	}
	for _, file := range []string{
		"../signaling/ringtripv1/ringtrip.pb.go",
		"../signaling/ringtripv1/ringtripv1connect/ringtrip.connect.go",
		"../web/src/gen/ringtrip/v1/ringtrip_pb.ts",
	} {
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s is missing: run make generate", file)
		}
	}
}
