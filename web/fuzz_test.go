package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/ringtrip/ringtrip/web"
)

// FuzzHandler sends requests that no browser would.
func FuzzHandler(f *testing.F) {
	f.Add("GET", "/", "gzip", `"x"`)
	f.Add("GET", "/assets/../../etc/passwd", "gzip;q=", "*")
	f.Add("", "//", ";;,gzip;q=x", `W/"`)
	f.Add("HEAD", "/index.html\x00", ",", ",")
	h := web.Handler()
	f.Fuzz(func(t *testing.T, method, path, encoding, match string) {
		r := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{"Accept-Encoding": {encoding}, "If-None-Match": {match}}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case http.StatusOK, http.StatusNotModified, http.StatusNotFound, http.StatusMethodNotAllowed:
		default:
			t.Errorf("%q %q: status %d", method, path, w.Code)
		}
	})
}
