//go:build ringtrip_fault

package main

import "C"

import "sync/atomic"

// faulty is the function of the C face that panics at its next call. This file is in no build but that of the tests.
var faulty atomic.Pointer[string]

func init() {
	fault = func(function string) {
		if f := faulty.Load(); f != nil && *f == function && faulty.CompareAndSwap(f, nil) {
			panic("the test's own")
		}
	}
}

//export ringtrip_fault
func ringtrip_fault(function *C.char) {
	f := C.GoString(function)
	faulty.Store(&f)
}

//export ringtrip_blank
func ringtrip_blank(n C.longlong) C.longlong { return n } // the floor: from C to Go and back
