package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// figures are what is told of one span, in milliseconds.
type figures struct {
	Span string  `json:"span"`
	N    int     `json:"n"`
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	P99  float64 `json:"p99_ms"`
	Max  float64 `json:"max_ms"`
}

// figuresOf sums a span up; took must not be empty.
func figuresOf(span string, took []time.Duration) figures {
	sorted := slices.Sorted(slices.Values(took))
	at := func(q float64) float64 {
		i := min(len(sorted)-1, max(0, int(math.Ceil(q*float64(len(sorted))))-1))
		return float64(sorted[i].Microseconds()) / 1000
	}
	return figures{span, len(sorted), at(0.5), at(0.95), at(0.99), at(1)}
}

// printFigures prints a table for people.
func printFigures(o out, all []figures) {
	width := 0
	for _, f := range all {
		width = max(width, len([]rune(f.Span)))
	}
	fmt.Fprintf(o, "%-*s %7s %9s %9s %9s %9s\n", width, "ms", "n", "p50", "p95", "p99", "max")
	for _, f := range all {
		fmt.Fprintf(o, "%s%*s %7d %9.2f %9.2f %9.2f %9.2f\n", f.Span, width-len([]rune(f.Span)), "", f.N, f.P50, f.P95, f.P99, f.Max)
	}
}
