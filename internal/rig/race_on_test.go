//go:build race

package rig

// lives is how many random lives are played: the race detector makes each ten times as slow, and `make test` plays the
// rest without it.
const lives = "30"
