package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestCarrierStory plays `demo --headless --carrier`: every step must have happened. internal/rig plays the other carriers.
func TestCarrierStory(t *testing.T) {
	for _, name := range []string{"twilio", "livekit", "webrtc"} {
		text := command(t, 0, "demo", "--headless", "--json", "--carrier", name)
		var s struct {
			OK    bool
			Steps []storyStep
		}
		if err := json.Unmarshal([]byte(text), &s); err != nil || !s.OK || len(s.Steps) < 30 {
			t.Errorf("%s: %v; %s", name, err, text)
		}
	}
	if text := command(t, 1, "demo", "--headless", "--carrier", "pigeons"); !strings.Contains(text, "livekit") {
		t.Errorf("a carrier that is none: %s", text)
	}
}
