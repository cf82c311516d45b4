package agora

import (
	"bytes"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// version begins an AccessToken2.
const version = "007"

const (
	maxToken = 8 << 10  // of a token's text
	maxPlain = 16 << 10 // of what it unpacks to: a zip bomb goes no further
)

// The services that a token can be for.
const (
	ServiceRTC       uint16 = 1 // fields: channel, uid ("": any)
	ServiceRTM       uint16 = 2 // user
	ServiceStreaming uint16 = 3 // channel, uid
	ServiceChat      uint16 = 5 // user
)

// fields is how many texts a service has after its privileges. Of one that is not here the length is not known.
var fields = map[uint16]int{ServiceRTC: 2, ServiceRTM: 1, ServiceStreaming: 2, ServiceChat: 1}

// The privileges of [ServiceRTC].
const (
	JoinChannel  uint16 = 1
	PublishAudio uint16 = 2
	PublishVideo uint16 = 3
	PublishData  uint16 = 4
)

// Service is one thing that a token allows.
type Service struct {
	Type       uint16
	Privileges map[uint16]uint32 // until when, in seconds after the token was issued
	Fields     []string
}

// Token is an AccessToken2: AgoraIO/Tools, DynamicKey. All of its numbers are little-endian, a text is its length in two
// bytes and itself.
type Token struct {
	AppID    string // 32 hexadecimal digits
	Issued   uint32 // seconds since 1970
	Expire   uint32 // seconds after Issued
	Salt     uint32 // 1 to 99999998
	Services []Service
}

// Build signs a token with the project's certificate.
func (t Token) Build(certificate carrier.Secret) (string, error) {
	body, err := t.body()
	if err != nil {
		return "", err
	}
	plain := append(str(nil, string(t.sign(body, certificate))), body...)
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(plain); err != nil {
		return "", fmt.Errorf("agora: packing a token: %w", err)
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("agora: packing a token: %w", err)
	}
	return version + base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

func (t Token) body() ([]byte, error) {
	b := str(nil, t.AppID)
	for _, n := range []uint32{t.Issued, t.Expire, t.Salt} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(t.Services)))
	sorted := slices.SortedStableFunc(slices.Values(t.Services), func(a, b Service) int { return int(a.Type) - int(b.Type) })
	for _, s := range sorted {
		if n, ok := fields[s.Type]; !ok || n != len(s.Fields) {
			return nil, fmt.Errorf("agora: a token's service of type %d has %d fields, not %d", s.Type, n, len(s.Fields))
		}
		b = binary.LittleEndian.AppendUint16(b, s.Type)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(s.Privileges)))
		for _, p := range slices.Sorted(maps.Keys(s.Privileges)) {
			b = binary.LittleEndian.AppendUint16(b, p)
			b = binary.LittleEndian.AppendUint32(b, s.Privileges[p])
		}
		for _, f := range s.Fields {
			if len(f) > 1<<10 {
				return nil, fmt.Errorf("agora: a token's field has %d bytes", len(f))
			}
			b = str(b, f)
		}
	}
	return b, nil
}

// sign is the signature of a body.
func (t Token) sign(body []byte, certificate carrier.Secret) []byte {
	key := mac(binary.LittleEndian.AppendUint32(nil, t.Issued), []byte(certificate.Reveal()))
	key = mac(binary.LittleEndian.AppendUint32(nil, t.Salt), key)
	return mac(key, body)
}

func mac(key, text []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(text)
	return m.Sum(nil)
}

func str(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(s))), s...)
}

// Parse reads a token and checks its signature, but not its times. It returns [carrier.ErrMalformed], [carrier.ErrTooLarge]
// for one that unpacks to more than a token is, or [carrier.ErrSignature].
func Parse(text string, certificate carrier.Secret) (Token, error) {
	plain, err := unpack(text)
	if err != nil {
		return Token{}, err
	}
	r := reader{plain, nil}
	signature := r.str()
	body := r.left
	t := Token{AppID: r.str(), Issued: r.u32(), Expire: r.u32(), Salt: r.u32()}
	for n := r.u16(); n > 0 && r.err == nil; n-- {
		s := Service{Type: r.u16(), Privileges: map[uint16]uint32{}}
		for n := r.u16(); n > 0 && r.err == nil; n-- {
			p := r.u16()
			s.Privileges[p] = r.u32()
		}
		n, ok := fields[s.Type]
		if !ok && r.err == nil {
			r.err = fmt.Errorf("a service of type %d", s.Type)
		}
		for range n {
			s.Fields = append(s.Fields, r.str())
		}
		t.Services = append(t.Services, s)
	}
	if r.err == nil && len(r.left) > 0 {
		r.err = errors.New("something after its end")
	}
	if r.err != nil {
		return Token{}, fmt.Errorf("%w: the token has %w", carrier.ErrMalformed, r.err)
	}
	if certificate.Empty() || !hmac.Equal([]byte(signature), t.sign(body, certificate)) {
		return Token{}, fmt.Errorf("%w: the token was signed with another certificate", carrier.ErrSignature)
	}
	return t, nil
}

// unpack returns the bytes of a token.
func unpack(text string) ([]byte, error) {
	if len(text) > maxToken {
		return nil, fmt.Errorf("%w: a token of %d bytes", carrier.ErrTooLarge, len(text))
	}
	if len(text) < len(version) || text[:len(version)] != version {
		return nil, fmt.Errorf("%w: the token does not begin with %s", carrier.ErrMalformed, version)
	}
	packed, err := base64.StdEncoding.DecodeString(text[len(version):])
	if err != nil {
		return nil, fmt.Errorf("%w: the token is no base64", carrier.ErrMalformed)
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: the token is not packed by zlib", carrier.ErrMalformed)
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxPlain+1))
	switch {
	case len(plain) > maxPlain:
		return nil, fmt.Errorf("%w: the token unpacks to more than %d bytes", carrier.ErrTooLarge, maxPlain)
	case err != nil:
		return nil, fmt.Errorf("%w: the token cannot be unpacked: it is cut off, or was changed", carrier.ErrMalformed)
	}
	return plain, nil
}

// reader reads what [Token.Build] writes. After an error it reads zeros.
type reader struct {
	left []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if r.err == nil && n > len(r.left) {
		r.err = errors.New("its end too early")
	}
	if r.err != nil {
		return make([]byte, min(n, 4))
	}
	b := r.left[:n]
	r.left = r.left[n:]
	return b
}

func (r *reader) u16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }

func (r *reader) str() string {
	n := int(r.u16())
	if r.err != nil {
		return ""
	}
	return string(r.take(n))
}

// Good returns [carrier.ErrStale] if a token, or what it allows of a service, is not good at now.
func (t Token) Good(now time.Time, service, privilege uint16) error {
	at := now.Unix()
	if at < int64(t.Issued)-int64(carrier.Leeway.Seconds()) || at >= int64(t.Issued)+int64(t.Expire) {
		return fmt.Errorf("%w: the token was issued at %d for %d s", carrier.ErrStale, t.Issued, t.Expire)
	}
	for _, s := range t.Services {
		if until, ok := s.Privileges[privilege]; s.Type == service && ok && at < int64(t.Issued)+int64(until) {
			return nil
		}
	}
	return fmt.Errorf("%w: the token does not allow it, or no more", carrier.ErrStale)
}
