//go:build cgo && race

package main

func init() { raceFlags = []string{"-race"} }
