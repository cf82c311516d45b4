package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// idle opens an event stream on a connection of its own and reads it until it ends; each is told of every message, and
// which is the first. It speaks HTTP/2 frame by frame (RFC 9113) and Connect's streaming envelopes, because a client of
// net/http for each of 50,000 phones would cost more than the server that is measured.
func idle(c net.Conn, authority string, p *lightPhone, each func(first bool)) error {
	defer c.Close()
	if err := openIdle(c, authority, p); err != nil {
		return err
	}
	frames := http2.NewFramer(c, c)
	frames.SetReuseFrames()
	first := true
	for {
		f, err := frames.ReadFrame()
		if err != nil {
			return err
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				err = frames.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				err = frames.WritePing(true, f.Data)
			}
		case *http2.DataFrame:
			if f.StreamEnded() {
				return fmt.Errorf("the server ended the stream: %.200q", f.Data())
			}
			if len(f.Data()) > 0 {
				each(first)
				first = false
				err = frames.WriteWindowUpdate(0, uint32(len(f.Data())))
				if err == nil {
					err = frames.WriteWindowUpdate(1, uint32(len(f.Data())))
				}
			}
		case *http2.RSTStreamFrame:
			return fmt.Errorf("the server reset the stream: %s", f.ErrCode)
		case *http2.GoAwayFrame:
			return fmt.Errorf("the server sent GOAWAY %s", f.ErrCode)
		}
		if err != nil {
			return err
		}
	}
}

// openIdle says hello and asks for the events.
func openIdle(c net.Conn, authority string, p *lightPhone) error {
	body, err := proto.Marshal(&v1.EventsRequest{DeviceId: p.id})
	if err != nil {
		return err
	}
	envelope := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body)))
	var fields, wire bytes.Buffer
	headers := hpack.NewEncoder(&fields)
	for _, h := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":authority", authority}, {":path", ringtripv1connect.PhoneServiceEventsProcedure},
		{"content-type", "application/connect+proto"}, {"connect-protocol-version", "1"}, {"authorization", p.token},
	} {
		if err := headers.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			return err
		}
	}
	_, _ = wire.WriteString(http2.ClientPreface)
	frames := http2.NewFramer(&wire, nil)
	if err := frames.WriteSettings(); err != nil {
		return err
	}
	if err := frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: fields.Bytes(), EndHeaders: true}); err != nil {
		return err
	}
	if err := frames.WriteData(1, true, append(envelope, body...)); err != nil {
		return err
	}
	_, err = io.Copy(c, &wire)
	return err
}
