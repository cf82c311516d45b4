// Command capi is the C face of the engine: built with -buildmode=c-archive it is libringtrip, and ringtrip.h is its
// manual. It converts strings and numbers and does nothing else; what they mean is package capi/boundary's affair.
//
// It and its tests are the only places that use cgo.
package main

/*
#include <stdlib.h>
#define RINGTRIP_TYPES_ONLY
#include "ringtrip.h"

static __thread int ringtrip_inside; // how many callbacks of engines this thread is in

static char *ringtrip_say(ringtrip_callback callback, void *context, const char *out, int64_t length, int engine) {
	ringtrip_inside += engine;
	char *answer = callback(context, out, length);
	ringtrip_inside -= engine;
	return answer;
}

static int ringtrip_is_inside(void) { return ringtrip_inside; }
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
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

// say makes the Go callback of a C one; engine is 1 for an engine's, 0 for a simulated iPhone's.
func say(callback C.ringtrip_callback, context unsafe.Pointer, engine C.int) boundary.Callback {
	return func(out []byte) []byte {
		o := C.CString(string(out))
		defer C.free(unsafe.Pointer(o))
		answer := C.ringtrip_say(callback, context, o, C.int64_t(len(out)), engine)
		if answer == nil {
			return nil
		}
		defer C.free(unsafe.Pointer(answer))
		return []byte(C.GoString(answer))
	}
}

// fault is called by every function of the C face with its name. It is nil, except in tests, which make it panic.
var fault func(function string)

// guard is deferred first by every function of the C face that runs the engine: a panic must not become a crash of the
// app. refuse says it to the caller.
func guard(function string, refuse func(problem string)) {
	if r := recover(); r != nil {
		refuse(fmt.Sprintf("%s: panic: %v\n%s", function, r, debug.Stack()))
	}
}

func enter(function string) {
	if fault != nil {
		fault(function)
	}
}

// refusal is an answer with an error, as JSON for C.
func refusal(code, problem string) *C.char {
	b, err := json.Marshal(boundary.Answer{Code: code, Error: problem})
	if err != nil {
		return C.CString(`{"code":"panic"}`)
	}
	return C.CString(string(b))
}

// fail stores an error for C.
func fail(to **C.char, err error) {
	if to != nil {
		*to = C.CString(err.Error())
	}
}

//export ringtrip_create
func ringtrip_create(config *C.char, length C.int64_t, callback C.ringtrip_callback, context unsafe.Pointer, problem **C.char) (engine C.ringtrip_engine) {
	defer guard("ringtrip_create", func(p string) { fail(problem, errors.New(p)); engine = 0 })
	enter("ringtrip_create")
	b, ok := text(config, length)
	if !ok || callback == nil {
		fail(problem, fmt.Errorf("ringtrip_create: no configuration of a length from 0 to %d, or no callback", maxLength))
		return 0
	}
	e, err := boundary.New(b, say(callback, context, 1), boundary.Dependencies{})
	if err != nil {
		fail(problem, err)
		return 0
	}
	return C.ringtrip_engine(engines.add(e))
}

//export ringtrip_tell
func ringtrip_tell(engine C.ringtrip_engine, in *C.char, length C.int64_t) (answer *C.char) {
	defer guard("ringtrip_tell", func(p string) { answer = refusal("panic", p) })
	enter("ringtrip_tell")
	e, ok := engines.get(int64(engine))
	if !ok {
		return refusal("closed", "ringtrip_tell: there is no such engine")
	}
	b, ok := text(in, length)
	if !ok {
		return refusal("bad_message", fmt.Sprintf("ringtrip_tell: no string of a length from 0 to %d", maxLength))
	}
	return C.CString(string(e.Tell(b)))
}

//export ringtrip_state
func ringtrip_state(engine C.ringtrip_engine) (state *C.char) {
	defer guard("ringtrip_state", func(string) { state = C.CString("{}") })
	enter("ringtrip_state")
	e, ok := engines.get(int64(engine))
	if !ok {
		return C.CString("{}")
	}
	return C.CString(string(e.State()))
}

//export ringtrip_destroy
func ringtrip_destroy(engine C.ringtrip_engine) {
	defer guard("ringtrip_destroy", func(string) {})
	enter("ringtrip_destroy")
	e, ok := engines.take(int64(engine))
	switch {
	case !ok:
	case C.ringtrip_is_inside() > 0: // against the rules: the engine can't wait for the callback that waits for it
		go e.Close()
	default:
		e.Close()
	}
}

//export ringtrip_open_caller
func ringtrip_open_caller(in *C.char, length C.int64_t) (caller *C.char) {
	defer guard("ringtrip_open_caller", func(string) { caller = C.CString(`{"error":"ringtrip_open_caller: panic"}`) })
	enter("ringtrip_open_caller")
	b, ok := text(in, length)
	if !ok {
		return C.CString(`{"error":"ringtrip_open_caller: there is no such string"}`)
	}
	return C.CString(string(boundary.OpenCaller(b)))
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
