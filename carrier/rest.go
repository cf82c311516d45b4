package carrier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	restTimeout = 5 * time.Second
	maxAnswer   = 1 << 20
)

// REST speaks to a carrier's HTTP API. Redirects are not followed, answers are bounded, and no error tells a secret.
type REST struct {
	Base   string       // as "https://api.twilio.com", no slash at its end
	Client *http.Client // nil: one with sane limits
	Auth   func(*http.Request)
}

// StatusError is an answer that was no success.
type StatusError struct {
	Status int
	Body   string // its beginning
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the carrier answered %d %s: %s", e.Status, http.StatusText(e.Status), e.Body)
}

var restClient = &http.Client{
	Timeout:       restTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Do sends one request with a body of contentType (none if body is nil) and returns the body of the answer. An answer
// that is not 2xx is a [*StatusError]. It blocks until the answer is there, ctx ends, or 5 s have passed.
func (r *REST) Do(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("carrier: %s %s: %w", method, path, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept", "application/json")
	if r.Auth != nil {
		r.Auth(req)
	}
	client := r.Client
	if client == nil {
		client = restClient
	}
	resp, err := client.Do(req)
	if err != nil {
		var u *url.Error // repeats the URL, which may have a key in it
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fmt.Errorf("carrier: %s %s%s: %w", method, r.Base, req.URL.Path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = ErrTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("carrier: the answer to %s %s%s: %w", method, r.Base, req.URL.Path, err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("carrier: %s %s%s: %w", method, r.Base, req.URL.Path, &StatusError{resp.StatusCode, string(answer[:min(len(answer), 300)])})
	}
	return answer, nil
}

// Gone reports whether err is a carrier's answer that what was asked for does not exist (any more): 404 or 410.
func Gone(err error) bool {
	var s *StatusError
	return errors.As(err, &s) && (s.Status == http.StatusNotFound || s.Status == http.StatusGone)
}

// GoneBy is [Gone] of an API that says so in its answer, a JSON object with word in field. It tells what is not there from an
// API that is not there, which both are 404.
func GoneBy(err error, field, word string) bool {
	var s *StatusError
	if !Gone(err) || !errors.As(err, &s) {
		return false
	}
	var answer map[string]any
	return json.Unmarshal([]byte(s.Body), &answer) == nil && answer[field] == word
}
