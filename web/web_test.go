package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/ringtrip/ringtrip/web"
)

// handler is one for all tests: making it compresses every file.
var handler = sync.OnceValue(web.Handler)

func get(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// assets are the files that the page itself asks for.
func assets(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(body(t, get(t, "GET", "/").Body), -1) {
		found = append(found, m[1])
	}
	if len(found) < 3 {
		t.Fatalf("the page names only %q; want its script, style sheet and icon", found)
	}
	return found
}

func TestThePageAndAllItAsksForAreServed(t *testing.T) {
	want := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
	page := get(t, "GET", "/")
	if got := page.Header.Get("Content-Type"); page.StatusCode != 200 || got != "text/html; charset=utf-8" {
		t.Fatalf("GET /: %d %s", page.StatusCode, got)
	}
	if got := page.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("GET /: Cache-Control %q; the page has no hash in its name and must be asked for again", got)
	}
	for _, name := range assets(t) {
		r := get(t, "GET", name)
		ext := name[strings.LastIndex(name, "."):]
		if got := r.Header.Get("Content-Type"); r.StatusCode != 200 || got != want[ext] {
			t.Errorf("GET %s: %d %q, want 200 %q", name, r.StatusCode, got, want[ext])
		}
		if immutable := strings.Contains(r.Header.Get("Cache-Control"), "immutable"); immutable != strings.HasPrefix(name, "/assets/") {
			t.Errorf("GET %s: Cache-Control %q", name, r.Header.Get("Cache-Control"))
		}
	}
}

func TestThePageAsksNobodyElse(t *testing.T) {
	for _, name := range append(assets(t), "/") {
		text := body(t, get(t, "GET", name).Body)
		for _, m := range regexp.MustCompile(`(?:src|href)="(?:https?:)?//[^"]*|url\(["']?(?:https?:)?//[^)]*|@import|\bimport\(["']https?:`).FindAllString(text, -1) {
			t.Errorf("%s asks for %q", name, m)
		}
	}
	if got := get(t, "GET", "/").Header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || strings.Contains(got, "http") {
		t.Errorf("Content-Security-Policy %q lets the page ask others", got)
	}
}

func TestThereAreNoListingsAndNothingElse(t *testing.T) {
	for _, path := range []string{"/assets", "/assets/", "/dist/", "/nothing", "/../web.go", "/index.html/", "//", "/assets/../index.html"} {
		if r := get(t, "GET", path); r.StatusCode != 404 {
			t.Errorf("GET %s: %d, want 404", path, r.StatusCode)
		}
	}
	if r := get(t, "POST", "/"); r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST /: %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
	if r := get(t, "HEAD", "/"); r.StatusCode != 200 || body(t, r.Body) != "" || r.ContentLength <= 0 {
		t.Errorf("HEAD /: %d, length %d", r.StatusCode, r.ContentLength)
	}
}

func TestGzipIsTheSamePage(t *testing.T) {
	plain := body(t, get(t, "GET", "/").Body)
	r := get(t, "GET", "/", "Accept-Encoding", "br;q=1, gzip;q=0.5")
	if r.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("Content-Encoding %q", r.Header.Get("Content-Encoding"))
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body(t, z) != plain {
		t.Error("the zipped page is another one")
	}
	if r := get(t, "GET", "/", "Accept-Encoding", "gzip;q=0"); r.Header.Get("Content-Encoding") != "" {
		t.Error("gzip;q=0 was given gzip")
	}
}

func TestAPageThatHasNotChangedIsNotSentAgain(t *testing.T) {
	for _, encoding := range []string{"identity", "gzip"} {
		tag := get(t, "GET", "/", "Accept-Encoding", encoding).Header.Get("ETag")
		for header, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
			if r := get(t, "GET", "/", "Accept-Encoding", encoding, "If-None-Match", header); r.StatusCode != want {
				t.Errorf("%s, If-None-Match %s: %d, want %d", encoding, header, r.StatusCode, want)
			}
		}
	}
}
