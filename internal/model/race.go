//go:build race

package model

// Race reports whether the race detector is on. Searches have one goroutine and become ten times slower under it, so
// tests make them smaller.
const Race = true
