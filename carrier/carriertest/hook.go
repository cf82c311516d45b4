package carriertest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

const maxHook = 256 << 10 // bytes of a webhook's body, as the server has it

// ServeHook is the server's way to the webhooks of one carrier, for the handlers of tests: it reads what came to
// /carriers/APP/NAME/HOOK at now, hands it to take, and answers with what that returns, a refusal by its status.
func ServeHook(w http.ResponseWriter, r *http.Request, now time.Time, take func(*carrier.Request) (carrier.Reply, error)) {
	reply, err := carrier.Reply{}, error(carrier.ErrTooLarge)
	if body, cut := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook)); cut == nil {
		hook := ""
		if parts := strings.SplitN(r.URL.Path, "/", 5); len(parts) == 5 { // "", carriers, app, name, hook
			hook = parts[4]
		}
		public := &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
		reply, err = take(&carrier.Request{Method: r.Method, URL: public, Hook: hook, Header: r.Header, Body: body, Now: now})
	}
	if err != nil {
		http.Error(w, http.StatusText(carrier.Status(err)), carrier.Status(err))
		return
	}
	if reply.ContentType != "" {
		w.Header().Set("Content-Type", reply.ContentType)
	}
	if reply.Status != 0 {
		w.WriteHeader(reply.Status)
	}
	_, _ = w.Write(reply.Body) // if nobody is there to read it, nobody needs it
}
