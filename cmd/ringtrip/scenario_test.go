package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func scenarioFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mine.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const answers = "scenario X1 an answer\nos 16..\nknob endAfterFail = *\ngiven\n  phone locked\n  u1 ringing\nwhen\n  U answer\n  wait 1s\nthen\n  P performAnswer u1\n    A fulfill\n"

// TestScenarioTable plays everything on every version, and a file of which one scenario fails on one of them.
func TestScenarioTable(t *testing.T) {
	if text := command(t, 0, "scenario", "--all"); !strings.Contains(text, " 0 failed\n") || !strings.Contains(text, "  S03 ") {
		t.Errorf("scenario --all prints:\n%s", text)
	}
	wrong := scenarioFile(t, answers+"  R never if os>=26.4\n")
	text := command(t, 1, "scenario", "--all", wrong)
	for _, want := range []string{"X1          -    -    2    2    2    2   2!  an answer", "FAIL  X1/endAfterFail=true on iOS 26.4: an answer (" + wrong + ":1)",
		"line 13: want R never if os>=26.4", "1 scenarios, played 10 times", "8 passed, 2 failed"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestScenarioOnAnOlderSystem(t *testing.T) {
	mine := scenarioFile(t, answers)
	if text := command(t, 0, "scenario", "--os", "16", mine); !strings.Contains(text, "2 of 2 passed") {
		t.Errorf("prints:\n%s", text)
	}
	if text := command(t, 0, "scenario", "--os", "16", "--knob", "endAfterFail=true", "--knob", "launchDelay=1s", mine); !strings.Contains(text, "1 of 1 passed") {
		t.Errorf("prints:\n%s", text)
	}
	if text := command(t, 0, "scenario", "--os", "13"); !strings.Contains(text, "do not apply to this iOS: ") || strings.Contains(text, "FAIL") {
		t.Errorf("prints:\n%s", text)
	}
}

func TestScenarioLists(t *testing.T) {
	if text := command(t, 0, "scenario", "--rules"); !strings.Contains(text, "| R21 |") {
		t.Errorf("scenario --rules prints:\n%s", text)
	}
	if text := command(t, 0, "scenario", "--knobs"); !strings.Contains(text, "ringTimeout = 1m") {
		t.Errorf("scenario --knobs prints:\n%s", text)
	}
	if text := command(t, 0, "scenario", "--knobs", "--json"); !json.Valid([]byte(text)) {
		t.Errorf("scenario --knobs --json prints:\n%s", text)
	}
}

// TestScenarioRecordAndReplay writes a log, plays it again, and again where it must differ.
func TestScenarioRecordAndReplay(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log.jsonl")
	if text := command(t, 0, "scenario", "--only", "S03", "--record", log); !strings.Contains(text, " entries of S03 on iOS 26.4") {
		t.Errorf("scenario --record prints:\n%s", text)
	}
	if text := command(t, 0, "scenario", "--replay", log); !strings.Contains(text, "callbacks and effects as in the log") {
		t.Errorf("scenario --replay prints:\n%s", text)
	}
	text := command(t, 1, "scenario", "--replay", log, "--os", "18")
	if !strings.Contains(text, "first difference: something else happened\n  log:    +1.250 R didReceive mustReport=true\n  replay: +1.250 R didReceive\n") {
		t.Errorf("a replay that must differ prints:\n%s", text)
	}
	if text := command(t, 1, "scenario", "--replay", log, "--knob", "audioDelay=1s"); !strings.Contains(text, "first difference: it happened 980ms apart") {
		t.Errorf("a replay that must differ prints:\n%s", text)
	}
}
