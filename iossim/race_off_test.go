//go:build !race

package iossim

// raced says that the race detector is on.
const raced = false
