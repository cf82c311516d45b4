package rig

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/iossim"
)

// openPage starts a lab with one phone of Bob's and returns the base URL of its page.
func openPage(t *testing.T) (*Lab, string) {
	t.Helper()
	page := NewPage(http.NotFoundHandler())
	lab, err := NewLab(t.Context(), LabConfig{
		Node:   NodeConfig{Page: page},
		Owners: []Owner{{User: "bob", Name: "Bob", Phones: []PhoneSpec{{ID: "bob-1", Name: "Bob's iPhone"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	if r, err := http.Get(lab.URL + "/demo/config"); err != nil || r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("before the page is bound: %v %v, want 503", r, err)
	}
	page.Bind(lab, Party{"alice", "Alice"}, Party{"bob", "Bob"}, "bob-1")
	return lab, lab.URL
}

func TestPageConfig(t *testing.T) {
	_, url := openPage(t)
	r, err := http.Get(url + "/demo/config")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var c pageConfig
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		t.Fatal(err)
	}
	if c.Caller.User != "alice" || c.Callee.Name != "Bob" || len(c.Phones) != 1 || c.Phones[0].ID != "bob-1" || c.Caller.Token == "" || c.OpsToken == "" ||
		c.Signature.Caller == c.Signature.Phones["bob-1"] {
		t.Errorf("the page's configuration is %+v", c)
	}
}

// TestPageActions presses buttons and reads what the phone shows from the event stream.
func TestPageActions(t *testing.T) {
	_, url := openPage(t)
	stream, err := http.Get(url + "/demo/phones/events")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	lines.Buffer(nil, 1<<20)
	until := func(what string, ok func(iossim.Screen) bool) {
		t.Helper()
		event := ""
		for lines.Scan() {
			if name, is := strings.CutPrefix(lines.Text(), "event: "); is {
				event = name
			}
			data, is := strings.CutPrefix(lines.Text(), "data: ")
			if !is || event != "screen" {
				continue
			}
			var e struct {
				Phone  string
				Screen iossim.Screen
			}
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatalf("%v in %s", err, data)
			}
			if e.Phone == "bob-1" && ok(e.Screen) {
				return
			}
		}
		t.Fatalf("%s: the stream ended: %v", what, lines.Err())
	}
	press := func(path, body string, want int) string {
		t.Helper()
		r, err := http.Post(url+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var e struct{ Error string }
		_ = json.NewDecoder(r.Body).Decode(&e)
		if r.StatusCode != want {
			t.Fatalf("%s %s: %s %s, want %d", path, body, r.Status, e.Error, want)
		}
		return e.Error
	}
	until("the first state", func(s iossim.Screen) bool { return s.Kind == iossim.ScreenHome })
	press("/demo/phones/bob-1/open", "", 204)
	until("the app is open", func(s iossim.Screen) bool { return s.Kind == iossim.ScreenApp })
	press("/demo/phones/bob-1/focus", `{"on":true}`, 204)
	until("Do Not Disturb", func(s iossim.Screen) bool { return s.Focus == "Do Not Disturb" })
	press("/demo/phones/bob-1/offline", `{"on":true}`, 204)
	until("offline", func(s iossim.Screen) bool { return !s.Online })
	press("/demo/phones/bob-1/lock", "", 204)
	until("locked", func(s iossim.Screen) bool { return s.Kind == iossim.ScreenLock })

	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"/demo/phones/bob-1/answer", "", 409, "the screen shows lock"},
		{"/demo/phones/bob-1/dance", "", 409, `no "dance"`},
		{"/demo/phones/bob-9/lock", "", 404, "bob-9"},
		{"/demo/phones/bob-1/mute", "{", 400, "not JSON"},
		{"/demo/phones/bob-1/keys", fmt.Sprintf(`{"digits":%q}`, strings.Repeat("1", 5000)), 400, "too large"},
		{"/demo/phones/bob-1/recent", `{"index":-1}`, 409, ""},
	} {
		if said := press(c.path, c.body, c.status); !strings.Contains(said, c.says) {
			t.Errorf("%s %.40s says %q, want %q in it", c.path, c.body, said, c.says)
		}
	}
}

// TestPageHasAFingerForEveryButton reads from the page's sources what it can ask a phone for, and from the
// simulated iPhone which buttons there are.
func TestPageHasAFingerForEveryButton(t *testing.T) {
	asked := map[string]string{}
	for _, pattern := range []string{"*.svelte", "screen/*.svelte"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "web", "src", "ui", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`\bact\((?:phone\.id, |plugged \? )?"([a-z-]+)"|render press\("\w+", "[^"]+", "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
				if filepath.Base(file) == "CarrierPanel.svelte" { // asks the carrier and its telephone
					if !slices.Contains(strings.Fields("dial call answer decline busy hangup down up"), m[1]) {
						t.Errorf("%s asks for %q, which no carrier has", file, m[1])
					}
					continue
				}
				asked[m[1]+m[2]] = file
			}
		}
	}
	if len(asked) < 25 {
		t.Fatalf("only %d actions were found in the page's sources: %v", len(asked), asked)
	}
	// Button.ID of iossim, but keypad, which the page itself opens, and a member's end, which is end-member.
	for _, id := range strings.Fields("answer decline end mute speaker hold add-call video more translate end-and-accept hold-and-accept end-held-and-accept swap merge split end-member") {
		asked[id] = "iossim.Button"
	}
	for action, where := range asked {
		if fingers[action] == nil {
			t.Errorf("%s asks for %q, which no phone has", where, action)
		}
	}
}
