package apnstest_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// tell sends an order to the control endpoint.
func (l *lab) tell(method, path, body string) (int, string) {
	l.t.Helper()
	rec := httptest.NewRecorder()
	l.srv.Control().ServeHTTP(rec, httptest.NewRequest(method, path, strings.NewReader(body)))
	return rec.Code, rec.Body.String()
}

func TestControl(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	orders := func(method, path, body string) string {
		t.Helper()
		code, answer := l.tell(method, path, body)
		if code != 200 {
			t.Fatalf("%s %s %s: %d %s", method, path, body, code, answer)
		}
		return answer
	}
	orders("POST", "/faults", `{"action":"refuse","status":410,"reason":"ExpiredToken","timestamp":1700000000123,"times":2}`)
	if r := l.must(l.request()); r.status != 410 || r.reason != "ExpiredToken" || r.timestamp != 1700000000123 {
		t.Errorf("%+v", r)
	}
	orders("DELETE", "/faults", "")
	l.want("no faults", l.request(), 200, "")

	orders("POST", "/apps", `{"bundle_id":"com.example.second","team":"`+team+`"}`)
	var issued struct{ Token string }
	if err := json.Unmarshal([]byte(orders("POST", "/tokens", `{"topic":"com.example.second","environment":"sandbox"}`)), &issued); err != nil {
		t.Fatal(err)
	}
	r := l.request()
	r.env, r.path = push.Sandbox, "/3/device/"+issued.Token
	r.header.Set("Apns-Topic", "com.example.second")
	r.header.Set("Apns-Push-Type", "alert")
	l.want("alert", r, 200, "")
	orders("POST", "/tokens/"+issued.Token+"/online", `{"online":false}`)
	l.want("offline", r, 200, "")
	if log := l.srv.Requests(); !strings.Contains(log[len(log)-1].Decision, "offline") {
		t.Errorf("%+v", log[len(log)-1])
	}
	orders("POST", "/tokens/"+issued.Token+"/unregister", `{"timestamp":1700000000456}`)
	if out := l.must(r); out.status != 410 || out.timestamp != 1700000000456 {
		t.Errorf("%+v", out)
	}
	for _, path := range []string{"/goaway", "/abort", "/cut"} {
		before := l.srv.Connections(push.Sandbox)
		l.must(r)
		orders("POST", path, `{"environment":"sandbox","reason":"Shutdown"}`)
		l.client = l.newClient()
		l.must(r)
		if l.srv.Connections(push.Sandbox) == before {
			t.Errorf("%s closed nothing", path)
		}
	}

	var info apnstest.Info
	if err := json.Unmarshal([]byte(orders("GET", "/info", "")), &info); err != nil {
		t.Fatal(err)
	}
	if info.Production != l.srv.URL(push.Production) || !strings.Contains(info.CA, "BEGIN CERTIFICATE") || len(info.Tokens) != 2 || info.Apps["com.example.second"] != team {
		t.Errorf("%+v", info)
	}
	var stats apnstest.Stats
	if err := json.Unmarshal([]byte(orders("GET", "/stats", "")), &stats); err != nil {
		t.Fatal(err)
	}
	if stats.Answers["410 ExpiredToken"] != 1 || stats.Answers["200"] != 3 || stats.IDs != 1 || stats.Repeated != 2 || stats.Connections["production"] == 0 {
		t.Errorf("%+v", stats)
	}
	var log []apnstest.Request
	if err := json.Unmarshal([]byte(orders("GET", "/requests?after=2", "")), &log); err != nil || len(log) != stats.Requests-2 {
		t.Errorf("%d requests after the second of %d: %v", len(log), stats.Requests, err)
	}
	orders("DELETE", "/requests", "")
	if n := l.srv.Stats().Requests; n != 0 {
		t.Errorf("%d requests in an empty log", n)
	}
	if help := orders("GET", "/", ""); !strings.Contains(help, "goaway-cut") {
		t.Errorf("help %s", help)
	}
}

func TestControlRefuses(t *testing.T) {
	l := newLab(t, apnstest.Config{})
	for name, c := range map[string][3]string{
		"no JSON":         {"POST", "/faults", `action`},
		"unknown action":  {"POST", "/faults", `{"action":"explode"}`},
		"unknown key":     {"POST", "/faults", `{"action":"mute","tokn":"00"}`},
		"no status":       {"POST", "/faults", `{"action":"refuse"}`},
		"bad delay":       {"POST", "/faults", `{"action":"delay","delay":"soon"}`},
		"negative":        {"POST", "/faults", `{"action":"mute","skip":-1}`},
		"environment":     {"POST", "/cut", `{"environment":"staging"}`},
		"app":             {"POST", "/apps", `{}`},
		"token":           {"POST", "/tokens", `{"topic":"x"}`},
		"after":           {"GET", "/requests?after=x", ""},
		"a long body":     {"POST", "/faults", `{"reason":"` + strings.Repeat("x", 1<<17) + `"}`},
		"a reason a mile": {"POST", "/faults", `{"action":"refuse","status":400,"reason":"` + strings.Repeat("x", 101) + `"}`},
	} {
		if code, answer := l.tell(c[0], c[1], c[2]); code != 400 || answer == "" {
			t.Errorf("%s: %d %s", name, code, answer)
		}
	}
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/cut", nil)
	r.Header.Set("Origin", "https://example.com")
	l.srv.Control().ServeHTTP(rec, r)
	if rec.Code != 403 {
		t.Errorf("a web page was answered %d", rec.Code)
	}
}

func TestParseFault(t *testing.T) {
	f, err := apnstest.ParseFault("refuse,status=503 reason=Shutdown skip=10 every=5 times=-1 environment=sandbox token=AB delay=50ms timestamp=1700000000123")
	want := apnstest.Fault{Action: apnstest.Refuse, Status: 503, Reason: "Shutdown", Skip: 10, Every: 5, Times: -1, Environment: push.Sandbox,
		Token: "ab", Delay: 50 * time.Millisecond, Timestamp: time.UnixMilli(1700000000123)}
	if err != nil || f != want {
		t.Errorf("%+v, %v", f, err)
	}
	for _, bad := range []string{"", "explode", "refuse", "refuse status=x", "mute when=now", "delay delay=-1s", "mute environment=staging"} {
		if _, err := apnstest.ParseFault(bad); err == nil {
			t.Errorf("%q is taken for a fault", bad)
		}
	}
	for _, name := range apnstest.ActionNames() {
		if f, err := apnstest.ParseFault(name + " status=500"); err != nil || f.Action == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParseFault: no line makes the reader fall over, and what it takes is a whole fault.
func FuzzParseFault(f *testing.F) {
	f.Add("refuse status=503 reason=Shutdown skip=10 every=5 times=-1")
	f.Add("delay,delay=50ms")
	f.Add("mute environment=sandbox token=AB timestamp=1")
	f.Add("= = =")
	f.Fuzz(func(t *testing.T, line string) {
		fault, err := apnstest.ParseFault(line)
		if err == nil && (fault.Action == 0 || fault.Skip < 0 || fault.Delay < 0 || fault.Action == apnstest.Refuse && fault.Status == 0) {
			t.Fatalf("%q gave %+v", line, fault)
		}
	})
}

// FuzzControl: whatever is posted, the endpoint answers and the server goes on.
func FuzzControl(f *testing.F) {
	l := newLab(f, apnstest.Config{LogSize: 10})
	control := l.srv.Control()
	f.Add("POST", "/faults", `{"action":"goaway-cut","reason":"Shutdown","times":-1}`)
	f.Add("POST", "/tokens", `{"topic":"com.example.phone.voip","environment":"sandbox","token":"zz"}`)
	f.Add("POST", "/tokens/00/unregister", `{"timestamp":-9223372036854775808}`)
	f.Add("DELETE", "/faults", ``)
	f.Add("GET", "/requests?after=99999999999999999999", ``)
	f.Add("GET", "/stats", `[`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method = method
		raw, query, _ := strings.Cut(path, "?")
		r.URL.Path, r.URL.RawQuery = "/"+strings.TrimPrefix(raw, "/"), query
		rec := httptest.NewRecorder()
		control.ServeHTTP(rec, r)
		if rec.Code < 200 || rec.Code > 499 {
			t.Fatalf("%s %s: %d", method, path, rec.Code)
		}
		if rec.Code == 200 && rec.Header().Get("Content-Type") == "application/json" && !json.Valid(rec.Body.Bytes()) {
			t.Fatalf("%s %s: %s", method, path, rec.Body)
		}
	})
}
