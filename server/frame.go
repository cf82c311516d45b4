package server

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

const (
	chunkHead    = 8 + 2 // a chunk's length in hexadecimal digits, and CR LF
	envelopeHead = 1 + 4 // an envelope's flags and length
	flagGzip     = 1
	// keptFrame is how long a frame may be to be used again, in bytes.
	keptFrame = 64 << 10
)

// frame is bytes on their way into a connection: room for a chunk's length, and then the chunk.
type frame struct{ bytes []byte }

var frames = sync.Pool{New: func() any { return &frame{bytes: make([]byte, chunkHead, 512)} }}

var gzips = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// compress writes b to w by gzip.
func compress(w io.Writer, b []byte) error {
	z := gzips.Get().(*gzip.Writer)
	defer gzips.Put(z)
	z.Reset(w)
	if _, err := z.Write(b); err != nil {
		return err
	}
	return z.Close()
}

func (f *frame) free() {
	if cap(f.bytes) <= keptFrame {
		f.bytes = f.bytes[:chunkHead]
		frames.Put(f)
	}
}

// Write implements io.Writer.
func (f *frame) Write(b []byte) (int, error) {
	f.bytes = append(f.bytes, b...)
	return len(b), nil
}

// envelope puts a message into the frame, as Connect has it. A long one is compressed if the device takes that.
func (f *frame) envelope(r *v1.EventsResponse, asJSON, compressed bool) (err error) {
	f.bytes = append(f.bytes, 0, 0, 0, 0, 0)
	if asJSON {
		f.bytes, err = protojson.MarshalOptions{}.MarshalAppend(f.bytes, r)
	} else {
		f.bytes, err = proto.MarshalOptions{}.MarshalAppend(f.bytes, r)
	}
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	const body = chunkHead + envelopeHead
	if compressed && len(f.bytes)-body >= minCompressed {
		plain := append([]byte(nil), f.bytes[body:]...)
		f.bytes = f.bytes[:body]
		if err := compress(f, plain); err != nil {
			return err
		}
		f.bytes[chunkHead] = flagGzip
	}
	binary.BigEndian.PutUint32(f.bytes[chunkHead+1:], uint32(len(f.bytes)-body))
	return nil
}

// chunk returns the frame as a chunk of HTTP/1.1 (RFC 9112 §7.1), and with the last of them after it if it is the last.
func (f *frame) chunk(last bool) []byte {
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(f.bytes)-chunkHead))
	hex.Encode(f.bytes, size[:])
	copy(f.bytes[8:], "\r\n")
	f.bytes = append(f.bytes, "\r\n"...)
	if last {
		f.bytes = append(f.bytes, "0\r\n\r\n"...)
	}
	return f.bytes
}
