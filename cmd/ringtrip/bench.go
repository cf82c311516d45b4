package main

// benchCmd groups the benchmarks.
type benchCmd struct {
	Ring benchRingCmd `cmd:"" help:"Start → accepted by APNs → reported → answered → first sound, with floors."`
}
