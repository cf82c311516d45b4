package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
)

// pool is HTTP/1.1 connections for the requests of many phones, kept alive (RFC 9112), as a proxy has them towards a node:
// a request takes the one that was used last, or a new one if all are in use.
type pool struct {
	authority string
	mu        sync.Mutex
	free      []*poolConn
	all       []net.Conn
	closed    bool
}

// poolConn carries one request at a time.
type poolConn struct {
	net.Conn
	in   *bufio.Reader
	out  []byte // of one request
	body []byte // of one answer
}

// maxAnswer bounds the body of an answer, in bytes.
const maxAnswer = 8 << 20

// do sends one request and reads its answer. Errors of the server are [*connect.Error]s, of a code without details.
func (p *pool) do(ctx context.Context, procedure, token string, req, res proto.Message) error {
	c, err := p.take()
	if err != nil {
		return err
	}
	status, err := c.exchange(ctx, p.authority, procedure, token, req)
	if err != nil {
		_ = c.Close() // who knows what comes on it next
		return fmt.Errorf("%s: %w", procedure, err)
	}
	err = answerOf(status, c.body, res)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, c)
	return err
}

func (p *pool) take() (*poolConn, error) {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		defer p.mu.Unlock()
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c, nil
	}
	p.mu.Unlock()
	conn, err := net.Dial("tcp", p.authority)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	p.all = append(p.all, conn)
	return &poolConn{Conn: conn, in: bufio.NewReaderSize(conn, 2<<10)}, nil
}

// close ends all connections, and the requests on them.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.all {
		_ = c.Close()
	}
}

// exchange writes a request and reads the answer, its body into c.body.
func (c *poolConn) exchange(ctx context.Context, authority, procedure, token string, req proto.Message) (status string, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline)
	}
	b := append(append(append(c.out[:0], "POST "...), procedure...), " HTTP/1.1\r\nHost: "...)
	b = append(append(append(b, authority...), "\r\nContent-Type: application/proto\r\nConnect-Protocol-Version: 1\r\nAuthorization: "...), token...)
	b = append(b, "\r\nContent-Length: "...)
	b = append(strconv.AppendInt(b, int64(proto.Size(req)), 10), "\r\n\r\n"...)
	if b, err = (proto.MarshalOptions{UseCachedSize: true}).MarshalAppend(b, req); err != nil {
		return "", err
	}
	c.out = b
	if _, err := c.Write(b); err != nil {
		return "", err
	}
	return c.answer()
}

// answer reads one answer that says how long it is.
func (c *poolConn) answer() (status string, err error) {
	length := -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return "", err
		}
		line = bytes.TrimRight(line, "\r\n")
		name, value, found := bytes.Cut(line, []byte(":"))
		switch {
		case first:
			if len(line) < len("HTTP/1.1 200") || string(line[:len("HTTP/1.1 ")]) != "HTTP/1.1 " {
				return "", fmt.Errorf("this is no answer of HTTP/1.1: %.100q", line)
			}
			status = statusOf(line[9:12])
		case len(line) == 0:
			if length < 0 {
				return "", errors.New("the answer does not say how long it is")
			}
			if cap(c.body) < length {
				c.body = make([]byte, length)
			}
			c.body = c.body[:length]
			_, err := io.ReadFull(c.in, c.body)
			return status, err
		case found && len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || length < 0 || length > maxAnswer {
				return "", fmt.Errorf("the answer's Content-Length is %.100q", value)
			}
		}
	}
}

func statusOf(b []byte) string {
	if string(b) == "200" {
		return "200"
	}
	return string(b)
}

// answerOf reads the body of an answer into res unless that is nil, or the error that it is.
func answerOf(status string, body []byte, res proto.Message) error {
	if status == "200" {
		if res == nil {
			return nil
		}
		return proto.Unmarshal(body, res)
	}
	var said struct{ Code, Message string }
	var code connect.Code
	if err := json.Unmarshal(body, &said); err != nil || code.UnmarshalText([]byte(said.Code)) != nil {
		return fmt.Errorf("the server answered %s: %.200q", status, body)
	}
	return connect.NewError(code, errors.New(said.Message))
}
