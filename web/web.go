// Package web is ringtrip's page, built from TypeScript into dist and embedded: a telephone for the browser,
// the screens of simulated iPhones, the ledger of the call between them, and a player for scenarios of the iOS
// call system.
//
// It serves files and nothing else: what the page talks to (/demo and the services of ringtrip.v1) is for the
// program that mounts it. Build the page with "npm ci && npm run build" in this folder; a test fails while
// dist is older than its sources.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// policy lets the page load what is built into it, talk to the server it came from, and nothing else. Styles
// that the page sets on elements count as inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"

// types are the content types of the kinds of files in dist. They are spelt out because those that package
// mime knows depend on the machine.
var types = map[string]string{
	".html":   "text/html; charset=utf-8",
	".js":     "text/javascript; charset=utf-8",
	".css":    "text/css; charset=utf-8",
	".svg":    "image/svg+xml",
	".json":   "application/json",
	".md":     "text/markdown; charset=utf-8",
	".sha256": "text/plain; charset=utf-8",
}

// file is a file of the page, ready to be sent.
type file struct {
	contentType string
	cache       string
	etag        string
	plain       []byte
	zipped      []byte // nil: no smaller than plain
}

// Handler serves the page at "/" and its files below. Only GET and HEAD of files that exist are answered:
// there are no directory listings, and a path that is not a file is 404. Files below /assets have a hash of
// their content in their names and may be cached for ever, all others are asked for again each time. It is
// safe for concurrent use and reads nothing but what is embedded.
func Handler() http.Handler {
	files := map[string]*file{}
	err := fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		files[strings.TrimPrefix(name, "dist")] = newFile(name, content)
		return nil
	})
	if err != nil {
		panic("web: the embedded page can't be read: " + err.Error()) // an embedded file system has no I/O errors
	}
	files["/"] = files["/index.html"]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, files[r.URL.Path]) })
}

func newFile(name string, content []byte) *file {
	sum := sha256.Sum256(content)
	f := &file{contentType: types[path.Ext(name)], cache: "no-cache", etag: `"` + hex.EncodeToString(sum[:12]) + `"`, plain: content}
	if f.contentType == "" {
		f.contentType = "application/octet-stream"
	}
	if strings.HasPrefix(name, "dist/assets/") {
		f.cache = "public, max-age=31536000, immutable"
	}
	var zipped bytes.Buffer
	z, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is a valid one
	_, _ = z.Write(content)                                    // a buffer takes everything
	_ = z.Close()
	if zipped.Len() < len(content)*9/10 {
		f.zipped = zipped.Bytes()
	}
	return f
}

func serve(w http.ResponseWriter, r *http.Request, f *file) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	switch {
	case f == nil:
		http.Error(w, "ringtrip: there is no such page; the page is at /", http.StatusNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "ringtrip: the page can only be read", http.StatusMethodNotAllowed)
		return
	}
	h.Set("Cache-Control", f.cache)
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept-Encoding")
	body, etag := f.plain, f.etag
	if f.zipped != nil && acceptsGzip(r) {
		body, etag = f.zipped, strings.TrimSuffix(f.etag, `"`)+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // whoever asked has gone
	}
}

// acceptsGzip reports whether the client takes gzip (RFC 9110 §12.5.3); only an explicit q=0 refuses it.
func acceptsGzip(r *http.Request) bool {
	for _, v := range r.Header.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(v, ",") {
			name, q, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(coding, " ", "")), ";")
			if name == "gzip" {
				weight, err := strconv.ParseFloat(strings.TrimPrefix(q, "q="), 64)
				return q == "" || err == nil && weight > 0
			}
		}
	}
	return false
}

// matches reports whether an If-None-Match header names the tag (RFC 9110 §13.1.2: weak comparison).
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}
