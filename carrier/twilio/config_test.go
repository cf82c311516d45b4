package twilio

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

func TestNew(t *testing.T) {
	for name, v := range map[string]struct {
		change func(*Config)
		say    string
	}{
		"no account":             {func(c *Config) { c.AccountSID = "" }, "account SID"},
		"an auth token as key":   {func(c *Config) { c.APIKey = "0123456789abcdef0123456789abcdef" }, "API key"},
		"no application":         {func(c *Config) { c.ApplicationSID = "AP1" }, "TwiML application"},
		"no secret":              {func(c *Config) { c.APISecret = carrier.Secret{} }, "secret of the API key"},
		"no auth token":          {func(c *Config) { c.AuthTokens = nil }, "auth token is missing"},
		"an empty auth token":    {func(c *Config) { c.AuthTokens = append(c.AuthTokens, carrier.Secret{}) }, "auth token is empty"},
		"a national number":      {func(c *Config) { c.CallerID = "5550001111" }, "E.164"},
		"no hook URL":            {func(c *Config) { c.HookURL = "" }, "hook URL"},
		"a hook URL with a user": {func(c *Config) { c.HookURL = "https://a:b@c/d" }, "hook URL"},
		"an API that is no URL":  {func(c *Config) { c.API = "api.twilio.com" }, "API's URL"},
		"tokens of a week":       {func(c *Config) { c.TokenLife = 7 * 24 * time.Hour }, "tokens can live"},
		"tokens of a second":     {func(c *Config) { c.TokenLife = time.Second }, "tokens can live"},
	} {
		conf := testConfig()
		v.change(&conf)
		if _, err := New(conf); err == nil || !strings.Contains(err.Error(), v.say) || strings.Contains(err.Error(), "fedcba98") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := testCarrier(t)
	if c.Name() != "twilio" || !c.Traits().AfterAnswer || !c.Traits().PSTN || c.Traits().Rooms || c.Traits().TokenLife != time.Hour {
		t.Errorf("%+v", c.Traits())
	}
	if s := fmt.Sprintf("%+v %#v", c.conf, c); strings.Contains(s, "fedcba98") || strings.Contains(s, "secret-secret") {
		t.Error("a carrier that is printed tells its secrets")
	}
}

func TestCheck(t *testing.T) {
	worst := func(change func(*Config)) (carrier.Severity, string) {
		conf := testConfig()
		change(&conf)
		c, err := New(conf)
		if err != nil {
			t.Fatal(err)
		}
		var bad carrier.Severity
		var all []string
		for _, f := range c.Check() {
			bad = max(bad, f.Severity)
			all = append(all, f.What+" | "+f.Fix)
			if f.Severity > carrier.Fine && f.Fix == "" {
				t.Errorf("%q says nothing to do", f.What)
			}
		}
		text := strings.Join(all, "\n")
		if strings.Contains(text, "fedcba98") || strings.Contains(text, "secret-secret") {
			t.Errorf("a secret is told:\n%s", text)
		}
		return bad, text
	}
	for name, v := range map[string]struct {
		change func(*Config)
		want   carrier.Severity
		say    string
	}{
		"all well":              {func(*Config) {}, carrier.Fine, "webhooks signed with auth token 2 are verified"},
		"with a port":           {func(c *Config) { c.HookURL = "https://calls.example.com:8443/x" }, carrier.Fine, "verified"},
		"with its own port":     {func(c *Config) { c.HookURL = "https://calls.example.com:443/x" }, carrier.Fine, "verified"},
		"no telephones":         {func(c *Config) { c.CallerID = "" }, carrier.Fine, "none can be called"},
		"local":                 {func(c *Config) { c.HookURL = "http://localhost:8080/x" }, carrier.Warning, "localhost"},
		"an underscore":         {func(c *Config) { c.HookURL = "https://calls_1.example.com/x" }, carrier.Wrong, "underscore"},
		"half a secret":         {func(c *Config) { c.APISecret = carrier.NewSecret("short") }, carrier.Warning, "5 characters"},
		"a token and a newline": {func(c *Config) { c.AuthTokens[0] = carrier.NewSecret("0123456789abcdef0123456789abcdef\n") }, carrier.Wrong, "line break"},
		"a region without API":  {func(c *Config) { c.Region = "ie1" }, carrier.Wrong, "region"},
	} {
		if got, text := worst(v.change); got != v.want || !strings.Contains(text, v.say) {
			t.Errorf("%s: severity %d instead of %d:\n%s", name, got, v.want, text)
		}
	}
}

// What End makes of Twilio's answers, and which legs it ends, each once and the caller's first.
func TestEnd(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	status, body := 200, "{}"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		b, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		asked = append(asked, fmt.Sprintf("%s %s %s %v", r.Method, r.URL.Path, b, user == testConfig().APIKey && password == testConfig().APISecret.Reveal()))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	conf := testConfig()
	conf.API = server.URL
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	conf.Client = &http.Client{Transport: transport}
	c, err := New(conf)
	if err != nil {
		t.Fatal(err)
	}
	of := carrier.Call{ID: ringingID, Ref: testSID, State: carrier.Ended, Refs: map[string]string{"callee-00000002": otherSID, "caller-00000001": testSID, "over": "callee",
		"caller-00000003": "CA00000000000000000000000000000003"}}
	if err := c.End(t.Context(), of); err != nil {
		t.Error(err)
	}
	path := "POST /2010-04-01/Accounts/" + testAccount + "/Calls/"
	want := path + testSID + ".json Status=completed true, " + path + "CA00000000000000000000000000000003.json Status=completed true, " + path + otherSID + ".json Status=completed true"
	if got := strings.Join(asked, ", "); got != want {
		t.Errorf("asked %s\nwant %s", got, want)
	}
	of.Refs = nil
	for _, v := range []struct {
		status int
		body   string
		ok     bool
	}{
		{404, `{"code":20404,"message":"The requested resource was not found","status":404}`, true},
		{400, `{"code": 21220, "message": "Invalid call state", "status": 400}`, true},
		{400, `{"code":20001,"message":"not 21220","status":400}`, false},
		{401, `{"code":20003,"message":"Authenticate","status":401}`, false},
		{429, `{"code":20429}`, false},
		{500, ``, false},
		{503, ``, false},
		{302, ``, false},
	} {
		mu.Lock()
		status, body = v.status, v.body
		mu.Unlock()
		if err := c.End(t.Context(), of); (err == nil) != v.ok {
			t.Errorf("%d %s: %v", v.status, v.body, err)
		}
	}
	if err := c.End(t.Context(), carrier.Call{ID: ringingID, Ref: "not Twilio's", Refs: map[string]string{"x": "../../secret"}}); err != nil {
		t.Errorf("nothing to end: %v", err)
	}
	server.Close()
	var u *url.Error
	if err := c.End(t.Context(), of); err == nil || errors.As(err, &u) {
		t.Errorf("nobody there: %v", err)
	}
}
