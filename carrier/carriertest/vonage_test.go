package carriertest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// vonageJWT makes a token as an application would.
func vonageJWT(t *testing.T, a *vonageAccount, alg string, change func(map[string]any)) string {
	t.Helper()
	now := time.Now().Unix()
	paths := map[string]any{}
	for _, p := range vonagePaths {
		paths[p] = map[string]any{}
	}
	claims := map[string]any{"application_id": a.ApplicationID, "iat": now, "exp": now + 600, "jti": vonageID(), "sub": "alice", "acl": map[string]any{"paths": paths}}
	if change != nil {
		change(claims)
	}
	head, _ := json.Marshal(map[string]string{"alg": alg, "typ": "JWT"})
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, a.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func vonageREST(t *testing.T, v *Vonage, method, path, body string) (int, map[string]any) {
	t.Helper()
	token := vonageJWT(t, &v.vonageAccount, "RS256", func(c map[string]any) { delete(c, "sub"); delete(c, "acl") })
	status, answer := ask(t, method, v.URL()+path, "Bearer "+token, body)
	var out map[string]any
	_ = json.Unmarshal([]byte(answer), &out)
	return status, out
}

// TestVonageRefuses is what the emulator does not let pass, so that a carrier that does it is found out.
func TestVonageRefuses(t *testing.T) {
	v, err := NewVonage(VonageConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if status, _ := vonageREST(t, v, http.MethodPost, "/v1/users", `{"name":"alice"}`); status != http.StatusCreated {
		t.Fatalf("making a user: %d", status)
	}
	if status, body := vonageREST(t, v, http.MethodPost, "/v1/users", `{"name":"alice"}`); status != http.StatusConflict || body["code"] != "user:error:duplicate-name" {
		t.Errorf("making it again: %d %v", status, body)
	}
	if status, _ := vonageREST(t, v, http.MethodPut, "/v1/calls/nobody", `{"action":"hangup"}`); status != http.StatusNotFound {
		t.Errorf("hanging up nobody: %d", status)
	}
	for name, token := range map[string]string{
		"another algorithm":   vonageJWT(t, &v.vonageAccount, "HS256", nil),
		"another application": vonageJWT(t, &v.vonageAccount, "RS256", func(c map[string]any) { c["application_id"] = "x" }),
		"expired":             vonageJWT(t, &v.vonageAccount, "RS256", func(c map[string]any) { c["exp"] = time.Now().Unix() - 1 }),
		"good for ever":       vonageJWT(t, &v.vonageAccount, "RS256", func(c map[string]any) { c["exp"] = time.Now().Unix() + 90_000 }),
		"of the future":       vonageJWT(t, &v.vonageAccount, "RS256", func(c map[string]any) { c["iat"] = time.Now().Unix() + 600 }),
		"no jti":              vonageJWT(t, &v.vonageAccount, "RS256", func(c map[string]any) { delete(c, "jti") }),
		"no paths":            vonageJWT(t, &v.vonageAccount, "RS256", func(c map[string]any) { delete(c, "acl") }),
		"nobody":              vonageJWT(t, &v.vonageAccount, "RS256", func(c map[string]any) { c["sub"] = "bob" }),
		"changed":             vonageJWT(t, &v.vonageAccount, "RS256", nil) + "A",
		"nothing":             "a.b.c",
	} {
		credentials, _ := json.Marshal(map[string]any{"jwt": token, "context": map[string]string{"to": "x"}})
		if _, err := v.Join(t.Context(), credentials); err == nil {
			t.Errorf("%s: it got in", name)
		}
	}
	if n := len(v.Refused()); n != 10 {
		t.Errorf("%d refusals are remembered: %q", n, v.Refused())
	}
	users := vonageJWT(t, &v.vonageAccount, "RS256", nil)
	if status, _ := ask(t, http.MethodPost, v.URL()+"/v1/users", "Bearer "+users, `{}`); status != http.StatusUnauthorized {
		t.Errorf("a user makes users: %d", status)
	}
}

func TestVonageNCCO(t *testing.T) {
	for text, good := range map[string]bool{
		`[]`: true,
		`[{"action":"talk","text":"hello"},{"action":"conversation","name":"c","startOnEnter":false,"endOnExit":true,"musicOnHoldUrl":["https://example.com/a.mp3"]}]`:  true,
		`[{"action":"connect","from":"15550001111","timeout":30,"endpoint":[{"type":"phone","number":"15550009999"}],"eventUrl":["https://example.com/event?call=1"]}]`: true,
		`{}`:                          false,
		`[{"action":"reject"}]`:       false,
		`[{"action":"conversation"}]`: false,
		`[{"action":"conversation","name":"c","text":"x"}]`:                                                 false,
		`[{"action":"conversation","name":"c","start":1}]`:                                                  false,
		`[{"action":"talk"}]`:                                                                               false,
		`[{"action":"connect","endpoint":[]}]`:                                                              false,
		`[{"action":"connect","endpoint":[{"type":"phone","number":"+15550009999"}]}]`:                      false,
		`[{"action":"connect","endpoint":[{"type":"app","user":"alice"}]}]`:                                 false,
		`[{"action":"connect","timeout":0,"endpoint":[{"type":"phone","number":"15550009999"}]}]`:           false,
		`[{"action":"connect","eventUrl":["/event"],"endpoint":[{"type":"phone","number":"15550009999"}]}]`: false,
		`[{"action":"conversation","name":"c","musicOnHoldUrl":"https://example.com/a.mp3"}]`:               false,
	} {
		if _, err := readNCCO([]byte(text)); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzVonageNCCO(f *testing.F) {
	f.Add([]byte(`[{"action":"connect","from":"1","timeout":30,"endpoint":[{"type":"phone","number":"15550009999"}]}]`))
	f.Add([]byte(`[{"action":"conversation","name":"c","startOnEnter":null}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if ncco, err := readNCCO(b); err != nil && ncco != nil {
			t.Errorf("%v, and %v", ncco, err)
		}
	})
}

// TestVonageCreatesCalls: a telephone that is called by REST does what its control object says.
func TestVonageCreatesCalls(t *testing.T) {
	v, err := NewVonage(VonageConfig{Numbers: []string{"+15550001111"}, Second: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	statuses := make(chan string, 16)
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct {
			Status string `json:"status"`
		}
		_ = json.NewDecoder(r.Body).Decode(&e)
		statuses <- r.URL.Path + " " + e.Status
	}))
	defer hooks.Close()
	v.Hooks(hooks.URL)
	for what, test := range map[string]struct {
		rings int // seconds of the emulator's
		want  []string
	}{
		"answer":  {120, []string{"started", "ringing", "answered", "completed"}},
		"busy":    {120, []string{"started", "ringing", "busy"}},
		"decline": {120, []string{"started", "ringing", "rejected"}},
		"nothing": {1, []string{"started", "ringing", "timeout"}},
	} {
		v.Answerer(func(p *Telephone) {
			switch what {
			case "answer":
				p.Answer()
			case "busy":
				p.Busy()
			case "decline":
				p.Decline()
			}
		})
		status, body := vonageREST(t, v, http.MethodPost, "/v1/calls", fmt.Sprintf(`{"to":[{"type":"phone","number":"15550009999"}],"from":{"type":"phone","number":"15550001111"},"ringing_timer":%d,"ncco":[{"action":"talk","text":"hello"}]}`, test.rings))
		if status != http.StatusCreated || body["status"] != "started" {
			t.Fatalf("%s: %d %v", what, status, body)
		}
		for _, w := range test.want {
			select {
			case got := <-statuses:
				if got != "/event "+w {
					t.Errorf("%s: got %s, want %s", what, got, w)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: no %s", what, w)
			}
		}
		if open := v.Open(); len(open) > 0 {
			t.Errorf("%s: still open: %q", what, open)
		}
	}
	if status, _ := vonageREST(t, v, http.MethodPost, "/v1/calls", `{"to":[{"type":"phone","number":"15550009999"}],"from":{"type":"phone","number":"15550002222"},"ncco":[]}`); status != http.StatusBadRequest {
		t.Errorf("called from somebody else's number: %d", status)
	}
}
