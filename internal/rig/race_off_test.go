//go:build !race

package rig

// lives is how many random lives are played.
const lives = "150"
