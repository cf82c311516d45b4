// Package deploy_test holds the files of this folder against the program: they are read by other programs, which are
// not here, so a wrong name would show at night.
package deploy_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringtrip/ringtrip/server/observe"
)

// metrics are the names of all metrics that the program has.
func metrics(t *testing.T) map[string]bool {
	t.Helper()
	m := observe.NewMetrics("")
	m.WatchBus(func() observe.Bus { return observe.Bus{} })
	m.Watch(nil, nil)
	descs := make(chan *prometheus.Desc, 1000)
	m.Registry().Describe(descs)
	close(descs)
	names := map[string]bool{"up": true}
	for d := range descs {
		name := regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String())
		if name == nil {
			t.Fatalf("no name in %s", d)
		}
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			names[name[1]+suffix] = true
		}
	}
	if !names["ringtrip_legs_total"] || !names["ringtrip_calls_live"] || !names["go_goroutines"] {
		t.Fatalf("the metrics are not all there: %v", names)
	}
	return names
}

// labels are those that our metrics have, and Prometheus' own.
var labels = []string{"app", "app_version", "carrier", "code", "deed", "endpoint", "environment", "instance", "job", "kind", "le", "method", "os", "outcome", "problem", "reason", "result", "stage", "version"}

var (
	metricWord = regexp.MustCompile(`\b(?:ringtrip|go|process)_[a-z_]+\b`)
	byWord     = regexp.MustCompile(`by \(([^)]*)\)`)
	matchWord  = regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
)

// wantQuery checks the names in a query.
func wantQuery(t *testing.T, where, query string, known map[string]bool) {
	t.Helper()
	words := metricWord.FindAllString(query, -1)
	if len(words) == 0 && !strings.Contains(query, "up{") {
		t.Errorf("%s: no metric in %q", where, query)
	}
	for _, w := range words {
		if !known[w] {
			t.Errorf("%s: there is no metric %s", where, w)
		}
	}
	var used []string
	for _, m := range byWord.FindAllStringSubmatch(query, -1) {
		used = append(used, strings.Split(strings.ReplaceAll(m[1], " ", ""), ",")...)
	}
	for _, m := range matchWord.FindAllStringSubmatch(query, -1) {
		used = append(used, m[1])
	}
	for _, l := range used {
		if !slices.Contains(labels, l) {
			t.Errorf("%s: no metric has the label %q", where, l)
		}
	}
	if strings.Count(query, "(") != strings.Count(query, ")") {
		t.Errorf("%s: the brackets of %q do not match", where, query)
	}
}

func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("grafana/ringtrip.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			ID          int
			Type, Title string
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	known, drawn, ids := metrics(t), "", map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, q := range p.Targets {
			wantQuery(t, p.Title, q.Expr, known)
			drawn += q.Expr
		}
	}
	for name := range known {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if strings.HasPrefix(base, "ringtrip_") && !strings.Contains(drawn, base) {
			t.Errorf("the dashboard does not show %s", base)
		}
	}
}

func TestAlerts(t *testing.T) {
	text, err := os.ReadFile("prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	known, n := metrics(t), 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			n++
			wantQuery(t, r.Alert, r.Expr, known)
			if r.For == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("the alert %s lacks a time, a severity, a summary or a description", r.Alert)
			}
		}
	}
	if n < 8 {
		t.Errorf("%d alerts were read", n)
	}
}

// TestChart renders the chart with its own values by the few functions that it uses, and reads what comes out. It does
// not stand in for helm lint.
func TestChart(t *testing.T) {
	root := "helm/ringtrip"
	read := func(name string) (out map[string]any) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = yaml.Unmarshal(text, &out)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return out
	}
	chart, values := read("Chart.yaml"), read("values.yaml")
	for _, key := range []string{"apiVersion", "name", "version", "appVersion", "description"} {
		if chart[key] == nil {
			t.Errorf("Chart.yaml has no %s", key)
		}
	}
	values["serviceMonitor"] = map[string]any{"enabled": true}
	values["volume"].(map[string]any)["storageClassName"] = "fast"
	funcs := template.FuncMap{
		"toYaml": func(v any) (string, error) { b, err := yaml.Marshal(v); return strings.TrimSpace(string(b)), err },
		"nindent": func(n int, s string) string {
			pad := strings.Repeat(" ", n)
			return "\n" + pad + strings.ReplaceAll(s, "\n", "\n"+pad)
		},
		"default": func(otherwise, v any) any {
			if v == nil || v == "" {
				return otherwise
			}
			return v
		},
		"quote": func(v any) string { return fmt.Sprintf("%q", fmt.Sprint(v)) },
	}
	files, err := filepath.Glob(filepath.Join(root, "templates", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	kinds, all := map[string]map[string]any{}, ""
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tmpl, err := template.New(f).Option("missingkey=error").Funcs(funcs).Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := tmpl.Execute(&b, map[string]any{"Values": values, "Chart": map[string]any{"AppVersion": chart["appVersion"]}, "Release": map[string]any{"Name": "rt"}}); err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := yaml.Unmarshal(b.Bytes(), &doc); err != nil {
			t.Fatalf("%s renders to what is no YAML: %v\n%s", f, err, &b)
		}
		kinds[fmt.Sprint(doc["kind"])] = doc
		all += b.String()
	}
	for _, kind := range []string{"ConfigMap", "Service", "StatefulSet", "ServiceMonitor"} {
		if kinds[kind] == nil {
			t.Errorf("there is no %s", kind)
		}
	}
	for _, want := range []string{`image: "ghcr.io/ringtrip/ringtrip:0.1.0"`, "path: /readyz", "path: /healthz", "path: /metrics", "storageClassName: fast"} {
		if !strings.Contains(all, want) {
			t.Errorf("the chart does not say %s:\n%s", want, all)
		}
	}
	// The configuration that it ships is one that the program takes, as far as the keys need no files.
	config := kinds["ConfigMap"]["data"].(map[string]any)["ringtrip.yaml"].(string)
	var keys map[string]any
	if err := yaml.Unmarshal([]byte(config), &keys); err != nil || keys["apps"] == nil {
		t.Errorf("the chart's configuration is %q (%v)", config, err)
	}
	example, err := os.ReadFile("../ringtrip.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for key := range keys {
		if !regexp.MustCompile(`(?m)^#?` + regexp.QuoteMeta(key) + `:`).Match(example) {
			t.Errorf("the chart sets %q, which is no setting", key)
		}
	}
	for _, name := range regexp.MustCompile(`RINGTRIP_[A-Z_]+`).FindAllString(all, -1) {
		if key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "RINGTRIP_"), "_", "-")); !regexp.MustCompile(`(?m)^#?` + key + `:`).Match(example) {
			t.Errorf("the chart sets %s, which is no setting", name)
		}
	}
}

func TestGoreleaser(t *testing.T) {
	text, err := os.ReadFile("../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Version  int
		Builds   []struct{ Main string }
		Archives []struct{ Files []string }
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if c.Version != 2 || len(c.Builds) != 1 || len(c.Archives) != 1 {
		t.Fatalf("it is %+v", c)
	}
	if _, err := os.Stat(filepath.Join("..", c.Builds[0].Main, "main.go")); err != nil {
		t.Error(err)
	}
	for _, f := range c.Archives[0].Files {
		if found, _ := filepath.Glob(filepath.Join("..", f)); len(found) == 0 {
			t.Errorf("the archive wants %s, which is not there", f)
		}
	}
}

// TestUnit reads the systemd unit; where systemd is, systemd-analyze judges it.
func TestUnit(t *testing.T) {
	const unit = "systemd/ringtrip.service"
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	have := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		switch key, value, ok := strings.Cut(line, "="); {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = line
		case !ok || section == "":
			t.Errorf("%q is no setting of a section", line)
		default:
			have[section+key] = value
		}
	}
	if !strings.Contains(have["[Service]ExecStart"], "serve --config") || have["[Service]LimitNOFILE"] == "" || have["[Service]NoNewPrivileges"] != "yes" || have["[Install]WantedBy"] == "" {
		t.Errorf("the unit is %v", have)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here: the unit was read, not verified")
	}
	// It wants the program to exist: any will do.
	stand, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "ringtrip.service")
	if err := os.WriteFile(copied, bytes.ReplaceAll(text, []byte("/usr/local/bin/ringtrip"), []byte(stand)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", copied).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
