// Package rig is a whole ringtrip in one process: the ringing server, an APNs, simulated iPhones with the
// engine in an app on them. The demo, the benchmark and the random lives are made of it. Besides cmd it is the
// only package that chooses leaves; it decides nothing about calls.
package rig
