// Package mediatest proves and replaces implementations of media.Session: [Run] is the conformance suite
// that every one passes, and [Fake] is an honest one in memory, without network, sound and goroutines, for
// tests on a virtual clock.
//
// It refuses to be a mock: a Fake has no expectations and counts no calls. It behaves, says what is heard,
// and records what was done against the rules.
package mediatest
