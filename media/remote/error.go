package remote

import (
	"errors"
	"strings"

	"github.com/ringtrip/ringtrip/media"
)

// codes are the errors of package media by the names that cross the border.
var codes = []struct {
	code string
	err  error
}{
	{"closed", media.ErrClosed}, {"notPrepared", media.ErrNotPrepared}, {"badMessage", media.ErrBadMessage},
	{"notConnected", media.ErrNotConnected}, {"bye", media.ErrBye},
}

// failure is a message that carries err, or the empty message.
func failure(err error) Message {
	if err == nil {
		return Message{}
	}
	m := Message{Error: err.Error()}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			m.Code = c.code
		}
	}
	return m
}

// wired is an error of the other side that is one of package media too.
type wired struct {
	text string
	is   error
}

func (e *wired) Error() string { return e.text }
func (e *wired) Unwrap() error { return e.is }

// err is the error that a message carries, or nil.
func (m Message) err() error {
	if m.Error == "" && m.Code == "" {
		return nil
	}
	for _, c := range codes {
		if m.Code == c.code {
			if m.Error == "" || m.Error == c.err.Error() {
				return c.err
			}
			return &wired{m.Error, c.err}
		}
	}
	return errors.New("media/remote: " + strings.TrimPrefix(m.Error, "media/remote: "))
}
