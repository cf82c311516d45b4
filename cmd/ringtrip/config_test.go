package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"io"
)

var update = flag.Bool("update", false, "write files that tests hold against the code")

const exampleFile = "../../ringtrip.example.yaml"

// parsed is serve's settings for a command line.
func parsed(t *testing.T, args ...string) *serveCmd {
	t.Helper()
	c, _, err := parse(append([]string{"serve"}, args...), io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return &c.Serve
}

func yamlFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ringtrip.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestExampleConfig holds ringtrip.example.yaml against the code: it has every setting, with its default, and nothing
// else; "go test ./cmd/ringtrip -run TestExampleConfig -update" writes it anew after a setting was added.
func TestExampleConfig(t *testing.T) {
	want, err := exampleConfig()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(exampleFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(exampleFile)
	if err != nil || string(got) != want {
		t.Fatalf("ringtrip.example.yaml is stale (%v): go test ./cmd/ringtrip -run TestExampleConfig -update", err)
	}
	with, without := *parsed(t, "--config", exampleFile), *parsed(t)
	with.Config = ""
	if names := with.fixed(&without); len(names) > 0 {
		t.Errorf("the example changes the defaults of %v", names)
	}
	if with.RingTimeout != without.RingTimeout || with.App != without.App || with.LogLevel != without.LogLevel || with.Verbose {
		t.Errorf("the example changes the defaults: %+v, want %+v", with, without)
	}
	// Every setting that is commented out is one that may stand there.
	c, err := parseConfig("example", []byte(regexp.MustCompile(`(?m)^#([a-z ])`).ReplaceAllString(dropProse(want), "$1")))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.apps) != 1 || len(c.apps[0].Keys) != 1 || len(c.apps[0].APNs) != 1 || c.apps[0].RingTimeout != 45*time.Second {
		t.Errorf("the example's apps are %+v", c.apps)
	}
}

// dropProse takes the comments out that are text: a hash and one space at the line's begin.
func dropProse(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "#  ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestPrecedence: flags before the environment, that before the file.
func TestPrecedence(t *testing.T) {
	file := yamlFile(t, "listen: 127.0.0.1:1\nring-timeout: 30s\nbundle: [a.b, c.d]\nverbose: true\ndrain-timeout: 20s\nice: {iceServers: [{urls: \"stun:x\"}]}\n")
	if c := parsed(t, "--config", file); c.Listen != "127.0.0.1:1" || c.RingTimeout != 30*time.Second || len(c.Bundle) != 2 || !c.Verbose || c.ICE != `{"iceServers":[{"urls":"stun:x"}]}` {
		t.Errorf("the file gives %+v", c)
	}
	t.Setenv("RINGTRIP_LISTEN", "127.0.0.1:2")
	t.Setenv("RINGTRIP_CONFIG", file)
	if c := parsed(t); c.Listen != "127.0.0.1:2" || c.RingTimeout != 30*time.Second {
		t.Errorf("file and environment give %+v", c)
	}
	if c := parsed(t, "--listen", "127.0.0.1:3"); c.Listen != "127.0.0.1:3" || c.DrainTimeout != 20*time.Second {
		t.Errorf("file, environment and flag give %+v", c)
	}
}

// TestSeveralApps: a list of apps in a file, with keys from files and the environment.
func TestSeveralApps(t *testing.T) {
	key := keyFile(t)
	t.Setenv("BANK_KEY", "another secret that is long enough for it")
	file := yamlFile(t, `
apps:
  - id: shop
    name: Shop
    keys: [{id: k1, file: `+key+`}]
    bundle-ids: [com.example.shop]
    ring-timeout: 20s
  - id: bank
    keys:
      - env: BANK_KEY
`)
	c := parsed(t, "--config", file)
	list, err := c.apps()
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.build(list, nil, nil)
	if err != nil || len(b.apps) != 2 || b.apps[0].RingTimeout != 20*time.Second || b.apps[1].Keys[0].Algorithm() != "HS256" {
		t.Errorf("the apps are %+v, %v", b.apps, err)
	}
	if text := command(t, 0, "config", "check", file); !strings.Contains(text, "ok, 2 app(s)") {
		t.Errorf("config check says:\n%s", text)
	}
}

// TestWrongConfig shows what people read whose file is wrong: where, what, and what to do.
func TestWrongConfig(t *testing.T) {
	key := keyFile(t)
	for text, says := range map[string][]string{
		"lisen: x\n":                                    {":1:", `"lisen"`, `did you mean "listen"?`},
		"\n\nring_timeout: 3s\n":                        {":3:", `did you mean "ring-timeout"?`},
		"zzzzzzzz: 1\n":                                 {":1:", "known are: ", "public-url"},
		"config: x\n":                                   {`"config"`},
		"listen: [\n":                                   {"is not YAML"},
		"listen\n":                                      {"not a list of settings"},
		"a: 1\n---\nb: 2\n":                             {"2 YAML documents"},
		"ring-timeout: soon\nkey: " + key + "\n":        {"ring-timeout", "soon"},
		"listen: 1\nlisten: 2\n":                        {"listen", "already"},
		"bundle: [{a: b}]\n":                            {":1:", "bundle", "plain values"},
		"log-level: loud\n":                             {"log-level", "debug"},
		"apps: 7\n":                                     {"apps"},
		"apps:\n  id: shop\n":                           {":2:", "apps is a list"},
		"apps:\n  - id: shop\n    kees: []\n":           {":3:", "kees", `did you mean "apps: keys"?`},
		"apps:\n  - id: a\n    keys: [{fil: x}]\n":      {":3:", "fil", `"apps.keys: file"`},
		"apps:\n  - id: a\n    ring-timeout: x\n":       {"apps", `invalid duration "x"`},
		"apps:\n  - name: a\n":                          {"no id"},
		"apps:\n  - id: a\n    keys: [{id: x}]\n":       {`app "a"`, "a file or an env"},
		"apps:\n  - id: a\n    keys: [{env: NOT_SET}]":  {"NOT_SET is not set"},
		"apps:\n  - id: a\n    keys: [{file: /no/key}]": {"/no/key"},
		"apps:\n  - id: a\n    apns: [{key-file: " + key + ", key-id: ABC123DEFG, team: TEAM123456}]\n": {`app "a"`, key, "PEM"},
		"apps:\n  - id: a\n    apns: [{}]\n":                 {"key-file or a key-env"},
		"apps:\n  - id: a\n    api-keys: [x]\n":              {`app "a"`},
		"key: " + key + "\napps:\n  - id: a\n    keys: []\n": {"--key", "put that into the list"},
		"": {"there is no app", "--key"},
	} {
		file := yamlFile(t, text)
		got := command(t, 1, "config", "check", file)
		for _, want := range says {
			if !strings.Contains(got, want) {
				t.Errorf("%q: it does not say %q:\n%s", text, want, got)
			}
		}
	}
}

// FuzzConfig: whatever stands in a file, reading it ends and does not panic.
func FuzzConfig(f *testing.F) {
	text, err := exampleConfig()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(text))
	f.Add([]byte(`{"listen": "127.0.0.1:0", "apps": [{"id": "x", "keys": [{"file": "y"}]}]}`))
	f.Add([]byte("a: &x [*x]\n<<: 1\n? [b]\n: c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseConfig("fuzz", b)
		if err == nil && c == nil {
			t.Error("neither a configuration nor an error")
		}
	})
}
