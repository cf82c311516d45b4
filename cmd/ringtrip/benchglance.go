package main

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// glimpse is what a load generator has to know of an event. Reading events whole would be a sixth of what it costs itself.
type glimpse struct {
	hello bool
	call  string // empty: it is of no call
	state v1.CallState
}

// The numbers of fields in ringtrip.proto, which never change.
const (
	eventHello, eventCall = 2, 3
	callID, callState     = 1, 3
)

// glance reads an EventsResponse as far as it is needed.
func glance(event []byte) (g glimpse, err error) {
	err = fieldsOf(event, func(number protowire.Number, _ uint64, part []byte) error {
		switch number {
		case eventHello:
			g.hello = true
		case eventCall:
			return fieldsOf(part, func(number protowire.Number, value uint64, part []byte) error {
				switch number {
				case callID:
					g.call = string(part)
				case callState:
					g.state = v1.CallState(value)
				}
				return nil
			})
		}
		return nil
	})
	return g, err
}

// fieldsOf lets each see the fields of a message: numbers by their value, all that has a length by its bytes.
func fieldsOf(message []byte, each func(number protowire.Number, value uint64, part []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fmt.Errorf("this is no message: %w", protowire.ParseError(n))
		}
		message = message[n:]
		var value uint64
		var part []byte
		switch kind {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			part, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return fmt.Errorf("this is no message: %w", protowire.ParseError(n))
		}
		message = message[n:]
		if err := each(number, value, part); err != nil {
			return err
		}
	}
	return nil
}
