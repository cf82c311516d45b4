package carriertest

import (
	"encoding/json"
	"testing"
)

// TestJWT reads the example of RFC 7515 §A.1, whose key is base64url there.
func TestJWT(t *testing.T) {
	const example = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	const key = "\x03\x23\x35\x4b\x2b\x0f\xa5\xbc\x83\x7e\x06\x65\x77\x7b\xa6\x8f\x5a\xb3\x28\xe6\xf0\x54\xc9\x28\xa9\x0f\x84\xb2\xd2\x50\x2e\xbf" +
		"\xd3\xfb\x5a\x92\xd2\x06\x47\xef\x96\x8a\xb4\xc3\x77\x62\x3d\x22\x3d\x2e\x21\x72\x05\x2e\x4f\x08\xc0\xcd\x9a\xf5\x67\xd0\x80\xa3"
	var head, claims map[string]any
	text, signature, err := readJWT(example, &head, &claims)
	if err != nil || head["alg"] != "HS256" || claims["iss"] != "joe" || !isHS256(key, text, signature) || isHS256("x", text, signature) {
		t.Errorf("%v, %v, %v", head, claims, err)
	}
	if again := makeJWT(key, "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", []byte("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}")); again != example {
		t.Errorf("made %s", again)
	}
}

func FuzzJWT(f *testing.F) {
	f.Add("a.b.c")
	f.Add(makeJWT("key", headHS256, []byte(`{"iss":"x"}`)))
	f.Fuzz(func(t *testing.T, token string) {
		var head, claims json.RawMessage
		text, signature, err := readJWT(token, &head, &claims)
		if err == nil && (!json.Valid(head) || !json.Valid(claims)) || err != nil && (text != nil || signature != nil) {
			t.Errorf("%q: %s, %s, %v", token, head, claims, err)
		}
	})
}
