package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	var b strings.Builder
	report(&b, strings.NewReader(strings.Join([]string{
		"=== RUN   TestModelA",
		"    a_test.go:1: model: one call: 5 states",
		"    a_test.go:2: chatter",
		"--- PASS: TestModelA (0.00s)",
		"=== RUN   TestModelB",
		"    b_test.go:1: device 0 is a ghost, after 1 moves:",
		"          1. the push arrives",
		"--- FAIL: TestModelB (0.00s)",
		"FAIL\tgithub.com/ringtrip/ringtrip/call\t0.1s",
	}, "\n")))
	want := strings.Join([]string{
		"one call: 5 states",
		"--- FAIL: TestModelB (0.00s)",
		"    b_test.go:1: device 0 is a ghost, after 1 moves:",
		"          1. the push arrives",
		"FAIL\tgithub.com/ringtrip/ringtrip/call\t0.1s",
		"",
	}, "\n")
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}
