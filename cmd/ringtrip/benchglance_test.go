package main

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// What bench calls sees of events is what is in them.
func TestGlance(t *testing.T) {
	call := &v1.Call{Id: "0190b5c0-0000-7000-8000-000000000000", Rev: 7, State: v1.CallState_CALL_STATE_ANSWERED, Caller: &v1.Party{UserId: "alice"}}
	for _, c := range []struct {
		event *v1.EventsResponse
		want  glimpse
	}{
		{&v1.EventsResponse{}, glimpse{}},
		{&v1.EventsResponse{Event: &v1.EventsResponse_Hello{Hello: &v1.Hello{Calls: []*v1.Call{call}}}}, glimpse{hello: true}},
		{&v1.EventsResponse{Seq: 9, Event: &v1.EventsResponse_Call{Call: call}}, glimpse{call: call.Id, state: call.State}},
		{&v1.EventsResponse{Seq: 9, Event: &v1.EventsResponse_Media{Media: &v1.MediaMessage{CallId: call.Id}}}, glimpse{}},
	} {
		b, err := proto.Marshal(c.event)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := glance(b); got != c.want || err != nil {
			t.Errorf("%v is %+v, %v; not %+v", c.event, got, err, c.want)
		}
	}
}

func FuzzGlance(f *testing.F) {
	f.Add([]byte("\x1a\x02\x0a\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &v1.EventsResponse{}
		if proto.Unmarshal(b, m) != nil {
			_, _ = glance(b)
			return
		}
		if _, err := glance(b); err != nil {
			t.Errorf("%v: %v", m, err)
		}
	})
}

// What bench calls reads of answers is what the server writes.
func TestPoolAnswers(t *testing.T) {
	for text, want := range map[string]struct {
		status, body string
		code         connect.Code
		bad          bool
	}{
		"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nDate: x\r\n\r\nab":                                                 {status: "200", body: "ab"},
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":                                                              {status: "200"},
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 43\r\n\r\n" + `{"code":"failed_precondition","message":"too"}`: {bad: true},
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 46\r\n\r\n" + `{"code":"failed_precondition","message":"too"}`: {status: "400", body: `{"code":"failed_precondition","message":"too"}`, code: connect.CodeFailedPrecondition},
		"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops":                                                 {status: "502", body: "oops", code: connect.CodeUnknown},
		"HTTP/1.1 200 OK\r\n\r\nab":                      {bad: true},
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n":  {bad: true},
		"HTTP/1.1 200 OK\r\nContent-Length: 1e9\r\n\r\n": {bad: true},
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na":  {bad: true},
		"SSH-2.0-OpenSSH\r\n\r\n":                        {bad: true},
		"HTTP/1.1 2":                                     {bad: true},
	} {
		here, _ := net.Pipe()
		c := &poolConn{Conn: here, in: bufio.NewReader(strings.NewReader(text))}
		status, err := c.answer()
		if want.bad {
			if err == nil && answerOf(status, c.body, &v1.AckResponse{}) == nil {
				t.Errorf("%q was taken for an answer", text)
			}
			continue
		}
		if status != want.status || string(c.body) != want.body || err != nil {
			t.Errorf("%q is %s %q, %v", text, status, c.body, err)
		}
		if got := answerOf(status, c.body, nil); want.code != 0 && connect.CodeOf(got) != want.code || want.code == 0 && got != nil {
			t.Errorf("%q is the answer %v", text, got)
		}
	}
}
