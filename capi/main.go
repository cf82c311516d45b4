// Command capi is the C face of the engine: built with -buildmode=c-archive it is libringtrip, and ringtrip.h is its
// manual. It converts strings and numbers and does nothing else; what they mean is package capi/boundary's affair.
//
// It and its tests are the only places that use cgo.
package main

/*
#include <stdlib.h>
#define RINGTRIP_TYPES_ONLY
#include "ringtrip.h"

static char *ringtrip_say(ringtrip_callback callback, void *context, const char *out, int64_t length) {
	return callback(context, out, length);
}
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/ringtrip/ringtrip/capi/boundary"
)

func main() {} // -buildmode=c-archive wants one

// Version is the library's.
const version = "0.3.0"

var (
	engines  table[*boundary.Engine]
	cVersion = C.CString(version) // lives as long as the process
)

// maxLength is the longest string that is taken, in bytes: far more than any push, session description or snapshot.
const maxLength = 16 << 20

// text copies a C string; nil with false if there can be none.
func text(s *C.char, length C.int64_t) ([]byte, bool) {
	if length < 0 || length > maxLength || s == nil && length > 0 {
		return nil, false
	}
	return C.GoBytes(unsafe.Pointer(s), C.int(length)), true
}

// say makes the Go callback of a C one.
func say(callback C.ringtrip_callback, context unsafe.Pointer) boundary.Callback {
	return func(out []byte) []byte {
		o := C.CString(string(out))
		defer C.free(unsafe.Pointer(o))
		answer := C.ringtrip_say(callback, context, o, C.int64_t(len(out)))
		if answer == nil {
			return nil
		}
		defer C.free(unsafe.Pointer(answer))
		return []byte(C.GoString(answer))
	}
}

// fail stores an error for C.
func fail(to **C.char, err error) {
	if to != nil {
		*to = C.CString(err.Error())
	}
}

//export ringtrip_create
func ringtrip_create(config *C.char, length C.int64_t, callback C.ringtrip_callback, context unsafe.Pointer, problem **C.char) (engine C.ringtrip_engine) {
	defer func() {
		if r := recover(); r != nil {
			fail(problem, fmt.Errorf("ringtrip_create: panic: %v", r))
			engine = 0
		}
	}()
	b, ok := text(config, length)
	if !ok || callback == nil {
		fail(problem, fmt.Errorf("ringtrip_create: no configuration of a length from 0 to %d, or no callback", maxLength))
		return 0
	}
	e, err := boundary.New(b, say(callback, context), boundary.Dependencies{})
	if err != nil {
		fail(problem, err)
		return 0
	}
	return C.ringtrip_engine(engines.add(e))
}

//export ringtrip_tell
func ringtrip_tell(engine C.ringtrip_engine, in *C.char, length C.int64_t) *C.char {
	e, ok := engines.get(int64(engine))
	if !ok {
		return C.CString(`{"code":"closed","error":"ringtrip_tell: there is no such engine"}`)
	}
	b, ok := text(in, length)
	if !ok {
		return C.CString(fmt.Sprintf(`{"code":"bad_message","error":"ringtrip_tell: no string of a length from 0 to %d"}`, maxLength))
	}
	return C.CString(string(e.Tell(b)))
}

//export ringtrip_state
func ringtrip_state(engine C.ringtrip_engine) *C.char {
	e, ok := engines.get(int64(engine))
	if !ok {
		return C.CString("{}")
	}
	return C.CString(string(e.State()))
}

//export ringtrip_destroy
func ringtrip_destroy(engine C.ringtrip_engine) {
	if e, ok := engines.take(int64(engine)); ok {
		e.Close()
	}
}

//export ringtrip_count
func ringtrip_count() C.int64_t { return C.int64_t(engines.count()) }

//export ringtrip_version
func ringtrip_version() *C.char { return cVersion }

//export ringtrip_alloc
func ringtrip_alloc(size C.int64_t) *C.char {
	if size <= 0 || size > maxLength {
		return nil
	}
	return (*C.char)(C.malloc(C.size_t(size)))
}

//export ringtrip_free
func ringtrip_free(s *C.char) { C.free(unsafe.Pointer(s)) }
