package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// idleLight is [idle] by HTTP/1.1: a request of Connect, and its response read envelope by envelope.
func idleLight(c net.Conn, authority string, p *lightPhone, each func(first bool)) error {
	first := true
	return readStream(c, authority, p, func(r io.Reader, n int64) error {
		_, err := io.CopyN(io.Discard, r, n)
		each(first)
		first = false
		return err
	})
}

// listen is idleLight of a phone that hears what it is told.
func listen(c net.Conn, authority string, p *lightPhone, each func(glimpse)) error {
	var buffer []byte
	return readStream(c, authority, p, func(r io.Reader, n int64) error {
		if n > 1<<20 {
			return fmt.Errorf("an event of %d bytes", n)
		}
		buffer = slices.Grow(buffer[:0], int(n))[:n]
		if _, err := io.ReadFull(r, buffer); err != nil {
			return err
		}
		g, err := glance(buffer)
		if err != nil {
			return err
		}
		each(g)
		return nil
	})
}

// readStream opens an event stream and lets each read its messages, of n bytes, until it ends.
func readStream(c net.Conn, authority string, p *lightPhone, each func(r io.Reader, n int64) error) error {
	defer c.Close()
	body, err := proto.Marshal(&v1.EventsRequest{DeviceId: p.id, Foreground: p.way != nil})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/connect+proto\r\nConnect-Protocol-Version: 1\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n",
		ringtripv1connect.PhoneServiceEventsProcedure, authority, p.token, 5+len(body))
	envelope := binary.BigEndian.AppendUint32(append([]byte(text), 0), uint32(len(body)))
	if _, err := c.Write(append(envelope, body...)); err != nil {
		return err
	}
	r, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s", r.Status)
	}
	var head [5]byte
	for {
		if _, err := io.ReadFull(r.Body, head[:]); err != nil {
			return err
		}
		n := int64(binary.BigEndian.Uint32(head[1:]))
		if head[0] != 0 {
			said, _ := io.ReadAll(io.LimitReader(r.Body, min(n, 200)))
			return fmt.Errorf("the server ended the stream: %.200q", said)
		}
		if err := each(r.Body, n); err != nil {
			return err
		}
	}
}

// benchCertificate makes a certificate in dir and returns the flags of serve for it.
func benchCertificate(dir string) (flags []string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(48 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name, flag, kind string
		bytes            []byte
	}{{"cert.pem", "--tls-cert", "CERTIFICATE", der}, {"key.pem", "--tls-key", "PRIVATE KEY", private}} {
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.bytes}), 0o600); err != nil {
			return nil, err
		}
		flags = append(flags, f.flag+"="+path)
	}
	return flags, nil
}
