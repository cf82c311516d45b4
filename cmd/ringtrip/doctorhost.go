package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/sqlite"
)

const (
	certificateWarn = 14 * 24 * time.Hour
	slowWrite       = 30 * time.Millisecond
	fewFiles        = 65536
)

// certificateFile looks at the certificate that serve would use itself.
func (d *doctor) certificateFile() {
	cert, key := d.c.Secure.TLSCert, d.c.Secure.TLSKey
	if cert == "" && key == "" {
		return
	}
	what := "tls-cert"
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		d.say(failure, what, "give the certificate with its chain, and its key, both in PEM", "%s", err)
		return
	}
	d.expiry(what, []*x509.Certificate{pair.Leaf}, nil)
}

// certificate looks at the certificate that phones get at the public address.
func (d *doctor) certificate(ctx context.Context) {
	d.certificateFile()
	u, err := url.Parse(d.c.PublicURL)
	if err != nil || u.Scheme != "https" {
		return
	}
	what := "certificate"
	if d.c.Offline {
		d.say(skipped, what, "", "offline")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, d.c.Patience)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = "443"
	}
	conn, err := (&tls.Dialer{Config: &tls.Config{ServerName: u.Hostname()}}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	var wrong *tls.CertificateVerificationError
	switch {
	case errors.As(err, &wrong):
		d.expiry(what, wrong.UnverifiedCertificates, wrong.Err)
	case err != nil:
		d.say(warning, what, "ask from outside, too: phones must reach it", "%s cannot be reached from here: %s", u.Host, err)
	default:
		d.expiry(what, conn.(*tls.Conn).ConnectionState().PeerCertificates, nil)
		conn.Close()
	}
}

// expiry judges a certificate; err is why it was not trusted, if it was not.
func (d *doctor) expiry(what string, chain []*x509.Certificate, err error) {
	if len(chain) == 0 {
		d.say(failure, what, "install one", "there is none")
		return
	}
	last := chain[0].NotAfter
	left := time.Until(last)
	switch {
	case left < 0:
		d.say(failure, what, "renew it: no phone connects", "it expired on %s", last.Format(time.DateOnly))
	case err != nil:
		d.say(failure, what, "phones refuse it, too: install the whole chain of a public authority", "%s", err)
	case left < certificateWarn:
		d.say(warning, what, "renew it", "it expires on %s, in %d day(s)", last.Format(time.DateOnly), int(left/(24*time.Hour)))
	default:
		d.say(fine, what, "", "good until %s", last.Format(time.DateOnly))
	}
}

// store looks at the store, and how long a durable write takes there.
func (d *doctor) store(ctx context.Context) {
	const what = "store"
	dir, embedded := d.c.Data, d.c.Store == ""
	if rest, ok := strings.CutPrefix(d.c.Store, "sqlite:"); ok {
		dir, embedded = rest, true
	}
	if embedded {
		if _, err := os.Stat(filepath.Join(dir, sqlite.FileName)); errors.Is(err, os.ErrNotExist) {
			d.say(warning, what, "is --data right? serve makes it at its first start", "there is none in %s yet", dir)
			return
		}
	} else if d.c.Offline {
		d.say(skipped, what, "", "offline")
		return
	}
	st, _, err := d.c.store(ctx, slog.New(slog.DiscardHandler))
	if errors.Is(err, sqlite.ErrInUse) {
		d.say(fine, what, "", "a server has it open: %s. Its metrics tell how long commits take", err)
		return
	}
	if err != nil {
		d.say(failure, what, "see the text", "%s", err)
		return
	}
	defer st.Close()
	checks, ok := st.(store.Health)
	if !ok {
		d.say(skipped, what, "", "it opens; this store cannot say how long a write takes")
		return
	}
	switch took, err := checks.Check(ctx); {
	case err != nil:
		d.say(failure, what, "look at the disk", "it does not take writes: %s", err)
	case took > slowWrite:
		d.say(warning, what, "a call waits for several of them: use a local SSD", "a durable write took %s", took.Round(time.Millisecond))
	default:
		d.say(fine, what, "", "a durable write took %s", took.Round(100*time.Microsecond))
	}
}

// machine looks at limits of the process.
func (d *doctor) machine() {
	files, ok := openFiles()
	switch {
	case !ok:
		d.say(skipped, "open files", "", "this system has no limit that can be read")
	case files < fewFiles:
		d.say(warning, "open files", "set LimitNOFILE=1048576 in the systemd unit (ulimit -n)", "at most %d: each connected phone needs one", files)
	default:
		d.say(fine, "open files", "", "at most %d", files)
	}
}
