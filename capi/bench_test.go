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

// BenchmarkSize prints what the library adds to an app, in MB: a program that only uses ringtrip.h, stripped, as the linker
// leaves it. The library for apps has no simulated iPhone in it.
func BenchmarkSize(b *testing.B) {
	out := filepath.Join(b.TempDir(), "size")
	for b.Loop() {
		run(b, "go", "build", "-ldflags", "-s -w", "-buildmode=c-archive", "-o", out+".a", ".")
		run(b, "cc", "-O2", "-Wl,--gc-sections", "-s", "-o", out, "testdata/size.c", out+".a", "-lpthread")
	}
	for name, file := range map[string]string{"archive-MB": out + ".a", "stripped-MB": out} {
		info, err := os.Stat(file)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/1e6, name)
	}
	b.ReportMetric(0, "ns/op")
}
