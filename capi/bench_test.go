//go:build cgo

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkFace prints how long it takes from the library's load to an engine that is ready, and from a push to its report,
// cold and warm, all through the C face, beside the floor: an empty call from C to Go. Microseconds, but the floor.
//
//	go test ./capi -run '^$' -bench Face -benchtime 20x
func BenchmarkFace(b *testing.B) {
	bench, url := program(b, "bench", ""), serve(b)
	samples := make(map[string][]float64)
	for b.Loop() {
		for name, v := range figures(b, run(b, bench, url, strconv.Itoa(500))) {
			samples[name] = append(samples[name], v)
		}
	}
	for name, all := range samples {
		slices.Sort(all)
		unit := "µs"
		if strings.HasSuffix(name, "_ns") {
			unit = "ns"
		}
		b.ReportMetric(all[len(all)/2], strings.TrimSuffix(name, "_ns")+"-"+unit)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSize prints the library's weight in a program: what a stripped program grows by, in MB.
func BenchmarkSize(b *testing.B) {
	with := program(b, "bench", "")
	for b.Loop() {
		run(b, "strip", "-o", with+".stripped", with)
	}
	for name, file := range map[string]string{"archive-MB": filepath.Join(folder, "libringtrip.a"), "stripped-MB": with + ".stripped"} {
		info, err := os.Stat(file)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/1e6, name)
	}
	b.ReportMetric(0, "ns/op")
}
