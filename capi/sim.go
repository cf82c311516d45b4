//go:build iossim

package main

/*
#define RINGTRIP_TYPES_ONLY
#include "ringtrip.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/ringtrip/ringtrip/capi/simulator"
)

var simulators table[*simulator.Simulator]

//export ringtrip_sim_create
func ringtrip_sim_create(config *C.char, length C.int64_t, callback C.ringtrip_callback, context unsafe.Pointer, problem **C.char) (phone C.int64_t) {
	defer guard("ringtrip_sim_create", func(p string) { fail(problem, errors.New(p)); phone = 0 })
	enter("ringtrip_sim_create")
	b, ok := text(config, length)
	if !ok || callback == nil {
		fail(problem, fmt.Errorf("ringtrip_sim_create: no configuration of a length from 0 to %d, or no callback", maxLength))
		return 0
	}
	s, err := simulator.New(b, simulator.Callback(say(callback, context, 0)))
	if err != nil {
		fail(problem, err)
		return 0
	}
	return C.int64_t(simulators.add(s))
}

//export ringtrip_sim_do
func ringtrip_sim_do(n C.int64_t, in *C.char, length C.int64_t) (answer *C.char) {
	defer guard("ringtrip_sim_do", func(p string) { answer = refusal("panic", p) })
	enter("ringtrip_sim_do")
	s, ok := simulators.get(int64(n))
	b, valid := text(in, length)
	if !ok || !valid {
		return C.CString(`{"error":"ringtrip_sim_do: there is no such simulator, or no such string"}`)
	}
	return C.CString(string(s.Do(b)))
}

//export ringtrip_sim_system
func ringtrip_sim_system(n, process C.int64_t, command *C.char, length C.int64_t) (answer *C.char) {
	defer guard("ringtrip_sim_system", func(string) {
		answer = C.CString(`{"error":{"domain":"com.apple.CallKit.error","text":"ringtrip_sim_system: panic"}}`)
	})
	enter("ringtrip_sim_system")
	s, ok := simulators.get(int64(n))
	b, valid := text(command, length)
	if !ok || !valid {
		return C.CString(`{"error":{"domain":"com.apple.CallKit.error","code":2,"text":"ringtrip_sim_system: there is no such simulator, or no such string"}}`)
	}
	return C.CString(string(s.System(int(process), b)))
}

//export ringtrip_sim_destroy
func ringtrip_sim_destroy(n C.int64_t) {
	defer guard("ringtrip_sim_destroy", func(string) {})
	enter("ringtrip_sim_destroy")
	if s, ok := simulators.take(int64(n)); ok {
		s.Close()
	}
}
