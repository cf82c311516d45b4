package agora

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/carrier"
)

const (
	appID       = "970CA35de60c44645bbae8a215061b33"
	certificate = "5CFd2fd1755d40ecb72977518be15d3b"
)

// vectors are what AgoraIO/Tools' own tests (Go and Python) make of these tokens. The packed bytes differ between their
// languages, what they unpack to does not.
var vectors = []struct {
	name     string
	services []Service
	texts    []string
}{
	{"no service", nil, []string{"007eJxSYEiJ9+zw7Gb1viNuGtMfy3JriuZNp+1h1iLu/rOePHlS91WBwdLcwNnR2DQl1cwg2cTEzMQ0KSkx1SLRyNDUwMwwydjY/YsAQwQTAwMjAwgAAgAA//+rZxiv"}},
	{"RTC", []Service{{ServiceRTC, map[uint16]uint32{1: 600}, []string{"7d72365eb983485397e3e3f9d460bdda", "2882341273"}}}, []string{
		"007eJxSYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxNDcwMk4yN3b8IMEQwMTAwMoAwBIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiVwMRhYWRsYmhkbmxoAAAAD//8JqJOM=",
		"007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxNDcwMk4yN3b8IMEQwMTAwMoAwBIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiVwMRhYWRsYmhkbmxgDCaiTj"}},
	{"RTC, any uid", []Service{{ServiceRTC, map[uint16]uint32{1: 600}, []string{"7d72365eb983485397e3e3f9d460bdda", ""}}}, []string{
		"007eJxSYLhzZP08Lxa1Pg57+TcXb/3cZ3wi4V6kbpbOog0G2dOYk20UGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxNDcwMk4yN3b8IMEQwMTAwMoAwBIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiQwMgAAAAP//Npwiag=="}},
	{"RTM", []Service{{ServiceRTM, map[uint16]uint32{1: 600}, []string{"test_user"}}}, []string{
		"007eJxSYOCdJftjyTM2zxW6Xhm/5T0j5LdcUt/xYVt48fb5Mp3PX9coMFiaGzg7GpumpJoZJJuYmJmYJiUlplokGhmaGpgZJhkbu38RYIhgYmBgZABhJgZGBkYwn5OhJLW4JL60OLUIEAAA//9ZVh6A"}},
	{"RTC and RTM", []Service{
		{ServiceRTM, map[uint16]uint32{1: 600}, []string{"test_user"}}, // sorted when it is written
		{ServiceRTC, map[uint16]uint32{4: 600, 3: 600, 2: 600, 1: 600}, []string{"7d72365eb983485397e3e3f9d460bdda", "2882341273"}},
	}, []string{
		"007eJxTYOAQsrQ5s3TfH+1tvy8zZZ46EpCc0V43JXdGd2jS8porKo4KDJbmBs6OxqYpqWYGySYmZiamSUmJqRaJRoamBmaGScbG7l8EGCKYGBgYGRgYmIAkCxCD+ExgkhlMsoBJBQbzFHMjYzPT1CRLC2MTC1NjS/NU41TjNMsUEzODpJSURC4GIwsLI2MTQyNzY5BZEJM4GUpSi0viS4tTiwAipyp4"}},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			token := Token{AppID: appID, Issued: 1111111, Expire: 600, Salt: 1, Services: v.services}
			built, err := token.Build(carrier.NewSecret(certificate))
			if err != nil {
				t.Fatal(err)
			}
			mine, err := unpack(built)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range v.texts {
				theirs, err := unpack(text)
				if err != nil || !bytes.Equal(mine, theirs) {
					t.Fatalf("%v\nmine   %x\ntheirs %x", err, mine, theirs)
				}
				read, err := Parse(text, carrier.NewSecret(certificate))
				if err != nil || read.AppID != appID || read.Issued != 1111111 || len(read.Services) != len(v.services) {
					t.Fatalf("%v, %+v", err, read)
				}
				for _, s := range v.services {
					found := false
					for _, r := range read.Services {
						found = found || reflect.DeepEqual(r, s)
					}
					if !found {
						t.Fatalf("%+v is not in %+v", s, read.Services)
					}
				}
			}
		})
	}
	plain, err := unpack(vectors[1].texts[0])
	if err != nil || hex.EncodeToString(plain) != "200016a0b84c5a5e82cbf74fb813d09f59c54bdac9c06120580539ac97578e958b1a2000393730434133356465363063343436343562626165386132313530363162333347f4100058020000010000000100010001000100580200002000"+"37643732333635656239383334383533393765336533663964343630626464610a0032383832333431323733" {
		t.Errorf("%v, %x", err, plain)
	}
}

// packed is a token whose bytes are plain.
func packed(plain []byte) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(plain)
	_ = z.Close()
	return version + base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestBadTokens(t *testing.T) {
	good := vectors[1].texts[0]
	plain, err := unpack(good)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(plain)
	changed[len(changed)-1] ^= 1
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"nothing":            {"", carrier.ErrMalformed},
		"the old format":     {"006" + good[3:], carrier.ErrMalformed},
		"no base64":          {"007!!", carrier.ErrMalformed},
		"no zlib":            {"007" + base64.StdEncoding.EncodeToString([]byte("hello")), carrier.ErrMalformed},
		"zlib cut off":       {good[:len(good)-16], carrier.ErrMalformed},
		"too long":           {version + strings.Repeat("A", maxToken), carrier.ErrTooLarge},
		"a zip bomb":         {packed(make([]byte, 4<<20)), carrier.ErrTooLarge},
		"no bytes":           {packed(nil), carrier.ErrMalformed},
		"something behind":   {packed(append(bytes.Clone(plain), 0)), carrier.ErrMalformed},
		"a changed uid":      {packed(changed), carrier.ErrSignature},
		"an unknown service": {packed(append(append(str(str(nil, "sig"), appID), make([]byte, 12)...), 1, 0, 99, 0, 0, 0)), carrier.ErrMalformed},
		"65535 services":     {packed(append(append(str(str(nil, "sig"), appID), make([]byte, 12)...), 255, 255)), carrier.ErrMalformed},
	} {
		if got, err := Parse(test.text, carrier.NewSecret(certificate)); !errors.Is(err, test.want) || got.AppID != "" {
			t.Errorf("%s: %v instead of %v; %+v", name, err, test.want, got)
		}
	}
	for n := range plain {
		if _, err := Parse(packed(plain[:n]), carrier.NewSecret(certificate)); !errors.Is(err, carrier.ErrMalformed) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
	for _, cert := range []string{"", "6CFd2fd1755d40ecb72977518be15d3b"} {
		if _, err := Parse(good, carrier.NewSecret(cert)); !errors.Is(err, carrier.ErrSignature) {
			t.Errorf("certificate %q: %v", cert, err)
		}
	}
	if _, err := (Token{AppID: appID, Services: []Service{{Type: ServiceRTC, Fields: []string{"a"}}}}).Build(carrier.NewSecret(certificate)); err == nil {
		t.Error("a service with a field too few was written")
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		for _, text := range v.texts {
			plain, _ := unpack(text)
			f.Add(plain)
		}
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		token, err := Parse(packed(plain), carrier.NewSecret(certificate))
		if err != nil {
			return
		}
		again, err := token.Build(carrier.NewSecret(certificate))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again, carrier.NewSecret(certificate)); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add(vectors[1].texts[0])
	f.Add("007eJw=")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = Parse(text, carrier.NewSecret(certificate))
	})
}
