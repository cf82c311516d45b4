package carrier

import (
	"errors"
	"net/http"
)

// What a webhook can be refused for. The server answers with [Status], counts each by its name ([Why]), and logs it.
var (
	ErrSignature     = errors.New("the signature is wrong")
	ErrStale         = errors.New("it is too old, or from the future")
	ErrMalformed     = errors.New("it cannot be read")
	ErrContentType   = errors.New("its content type is not what the carrier sends")
	ErrMethod        = errors.New("its method is not what the carrier uses")
	ErrTooLarge      = errors.New("it is too large")
	ErrUnknownHook   = errors.New("there is no such webhook")
	ErrUnknownCall   = errors.New("there is no such call")
	ErrUnknownNumber = errors.New("nobody has this number")
	ErrNotInCall     = errors.New("this user is not in the call")
	ErrRefused       = errors.New("the call is not let through")
)

var problems = []struct {
	err    error
	status int
	why    string
}{
	{ErrSignature, http.StatusForbidden, "signature"},
	{ErrStale, http.StatusForbidden, "stale"},
	{ErrMalformed, http.StatusBadRequest, "malformed"},
	{ErrContentType, http.StatusUnsupportedMediaType, "content_type"},
	{ErrMethod, http.StatusMethodNotAllowed, "method"},
	{ErrTooLarge, http.StatusRequestEntityTooLarge, "too_large"},
	{ErrUnknownHook, http.StatusNotFound, "unknown_hook"},
	{ErrUnknownCall, http.StatusNotFound, "unknown_call"},
	{ErrUnknownNumber, http.StatusNotFound, "unknown_number"},
	{ErrNotInCall, http.StatusForbidden, "not_in_call"},
	{ErrRefused, http.StatusTooManyRequests, "refused"},
}

// tolerated is an error that is answered as if it were none.
type tolerated struct{ error }

func (t tolerated) Unwrap() error { return t.error }

// Tolerate marks an error of [Carrier.Webhook] as one that the carrier must not see: it is logged and counted, but answered
// 200. It is for carriers that send webhooks of everybody's rooms and stop sending any when some are refused. It is never
// for a request that was not verified.
func Tolerate(err error) error {
	if err == nil {
		return nil
	}
	return tolerated{err}
}

// Status is the HTTP status for an error of [Carrier.Webhook]: 500 for one that is not of this package, so that the
// carrier tries again, and 200 for one that is tolerated ([Tolerate]).
func Status(err error) int {
	if errors.As(err, new(tolerated)) {
		return http.StatusOK
	}
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return p.status
		}
	}
	return http.StatusInternalServerError
}

// Why is the word for an error of [Carrier.Webhook] in metrics: "signature", "stale", …, "internal".
func Why(err error) string {
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return p.why
		}
	}
	return "internal"
}
