package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/callkit/callkittest"
	"github.com/ringtrip/ringtrip/iossim"
)

func getScenario(t *testing.T, path string, into any) int {
	t.Helper()
	w := httptest.NewRecorder()
	scenarioPage().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%s: %v in %.200s", path, err, w.Body)
	}
	return w.Code
}

// TestScenarioPageServesWhatItLists asks for the list, then for a recording by the list's own words.
func TestScenarioPageServesWhatItLists(t *testing.T) {
	var list struct {
		Scenarios []callkittest.Info
		Knobs     []iossim.KnobInfo
		Rules     []callkittest.Rule
	}
	if code := getScenario(t, "/demo/scenarios", &list); code != http.StatusOK || len(list.Scenarios) < 50 {
		t.Fatalf("the list: %d, %d scenarios", code, len(list.Scenarios))
	}
	if len(list.Knobs) != len(iossim.KnobList()) || list.Knobs[0].Name == "" || len(list.Rules) != len(callkittest.Rules()) {
		t.Errorf("the knobs are %+v, the rules %+v", list.Knobs, list.Rules)
	}
	var s callkittest.Info
	for _, have := range list.Scenarios {
		if len(have.Variants) > 1 && len(have.OS) > 1 {
			s = have
		}
	}
	var r callkittest.Recording
	code := getScenario(t, "/demo/scenarios/"+s.ID+"?os="+s.OS[0]+"&variant="+s.Variants[1], &r)
	if code != http.StatusOK || r.ID != s.ID || r.OS != s.OS[0] || r.Variant != s.Variants[1] || r.Source == "" || !r.OK {
		t.Errorf("%s on %s: %d %+v", s.ID, s.OS[0], code, r)
	}
	for i, f := range r.Frames {
		var screen iossim.Screen
		if err := json.Unmarshal(f.Screen, &screen); err != nil || screen.OS == "" {
			t.Errorf("frame %d: %v in %.80s", i, err, f.Screen)
		}
	}
}

func TestScenarioPageRefuses(t *testing.T) {
	for _, c := range []struct {
		path, says string
		status     int
	}{
		{"/demo/scenarios/S9999", "S9999", http.StatusNotFound},
		{"/demo/scenarios/S03?os=7", "7", http.StatusBadRequest},
		{"/demo/scenarios/S03?variant=nothing=1", "nothing=1", http.StatusBadRequest},
		{"/demo/scenarios/S03?knob=nothing=1", "nothing", http.StatusBadRequest},
		{"/demo/scenarios/S03?knob=nothing", "knob=name=value", http.StatusBadRequest},
	} {
		var said struct{ Error string }
		if code := getScenario(t, c.path, &said); code != c.status || !strings.Contains(said.Error, c.says) {
			t.Errorf("%s: %d %q, want %d with %q", c.path, code, said.Error, c.status, c.says)
		}
	}
}
