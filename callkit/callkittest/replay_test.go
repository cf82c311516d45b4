package callkittest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestEveryScenarioCanBeReplayed writes each scenario's log, reads it back and plays it again: nothing differs, and
// the system's own log is the same byte for byte.
func TestEveryScenarioCanBeReplayed(t *testing.T) {
	builtin(t, func(t *testing.T, s Scenario) {
		for _, x := range s.Play(Options{Seed: 1}) {
			var file bytes.Buffer
			if err := x.CallLog.Write(&file); err != nil {
				t.Fatal(err)
			}
			l, err := ReadCallLog(&file, "x.jsonl")
			if err != nil {
				t.Fatalf("%s: %v", x.Name(), err)
			}
			r, err := Replay(l, nil)
			switch {
			case err != nil:
				t.Errorf("%s: %v", x.Name(), err)
			case !r.OK():
				t.Errorf("%s: %v %v\n%s\nwas\n%s", x.Name(), r.First, r.Refused, r.Log, x.Log)
			case r.Log != x.Log:
				t.Errorf("%s: two logs of the same seed:\n%s\nand\n%s", x.Name(), x.Log, r.Log)
			case r.Inputs == 0 || r.Compared == 0:
				t.Errorf("%s: %d inputs, %d compared", x.Name(), r.Inputs, r.Compared)
			}
		}
	})
}

// answered is the log of an answered call.
func answered(t *testing.T) CallLog {
	t.Helper()
	r, err := Run(strings.NewReader("scenario X x\n"+ringing+"then\n  P performAnswer u1\n    A wait 1s\n    A fulfill\n"), "x.txt", Options{})
	if err != nil || !r.OK() {
		t.Fatal(err, r)
	}
	return r.Results[0].CallLog
}

func change(t *testing.T, l CallLog, text string, f func(*LogEntry)) CallLog {
	t.Helper()
	for i := range l.Entries {
		if strings.HasPrefix(l.Entries[i].Text, text) {
			f(&l.Entries[i])
			return l
		}
	}
	t.Fatalf("the log has no %s", text)
	return l
}

func TestReplayFindsTheDifference(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*testing.T, CallLog) CallLog
		want   string
	}{
		{"text", func(t *testing.T, l CallLog) CallLog {
			return change(t, l, "performAnswer", func(e *LogEntry) { e.Text = "performAnswer u2" })
		}, "something else happened\n  log:    +2.000 P performAnswer u2\n  replay: +2.000 P performAnswer u1"},
		{"time", func(t *testing.T, l CallLog) CallLog {
			return change(t, l, "didActivate", func(e *LogEntry) { e.At += 30 * time.Millisecond })
		}, "it happened 30ms apart, which is more than 0s"},
		{"more", func(t *testing.T, l CallLog) CallLog {
			l.Entries = append(l.Entries, LogEntry{N: 1000, At: l.Entries[len(l.Entries)-1].At, Channel: "P", Text: "didDeactivate"})
			return l
		}, "the replay ends here"},
		{"less", func(t *testing.T, l CallLog) CallLog {
			for i, e := range l.Entries {
				if e.Text == "didActivate" {
					l.Entries = append(l.Entries[:i:i], l.Entries[i+1:]...)
					break
				}
			}
			return l
		}, "the log ends here\n  log:    nothing\n  replay: "},
		{"another app", func(t *testing.T, l CallLog) CallLog {
			return change(t, l, "fulfill", func(e *LogEntry) { e.Text = "fail" })
		}, "something else happened\n  log:    +"},
		{"another system", func(_ *testing.T, l CallLog) CallLog {
			l.Header.OS = "18"
			return l
		}, "log:    +1.250 R didReceive mustReport=true\n  replay: +1.250 R didReceive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Replay(c.change(t, answered(t)), nil)
			if err != nil || r.OK() || r.First == nil || !strings.Contains(r.First.String(), c.want) {
				t.Errorf("%v %v\nwant %s", err, r.First, c.want)
			}
		})
	}
}

func TestReplayTolerates(t *testing.T) {
	l := change(t, answered(t), "didActivate", func(e *LogEntry) { e.At += 30 * time.Millisecond })
	l.Header.Tolerance = 50 * time.Millisecond
	l.Entries = append(l.Entries, LogEntry{At: l.Header.Length, Channel: "Y", Text: "what nobody knows"})
	if r, err := Replay(l, nil); err != nil || !r.OK() {
		t.Errorf("%v %v", err, r.First)
	}
	l = change(t, answered(t), "performAnswer", func(e *LogEntry) { e.Text = "performAnswer u2" })
	l.Header.Compare = []string{"SYS", "O"}
	if r, err := Replay(l, nil); err != nil || !r.OK() {
		t.Errorf("%v %v", err, r.First)
	}
}

func TestReplayRefuses(t *testing.T) {
	l := change(t, answered(t), "answer", func(e *LogEntry) { e.Text = "merge" })
	if r, err := Replay(l, nil); err != nil || r.OK() || !strings.Contains(r.Refused[0], "U merge") {
		t.Errorf("%v %+v", err, r.Refused)
	}
	l = change(t, answered(t), "fulfill", func(e *LogEntry) { e.Text = "dance" })
	if r, err := Replay(l, nil); err != nil || r.OK() || !strings.Contains(r.Refused[0], "the scripted app can't \"dance\"") {
		t.Errorf("%v %+v", err, r.Refused)
	}
	l = answered(t)
	l.Header.OS = "12"
	if _, err := Replay(l, nil); err == nil || !strings.Contains(err.Error(), "no version of iOS") {
		t.Error(err)
	}
}

func TestReadCallLogErrors(t *testing.T) {
	head := `{"format":"` + LogFormat + `","os":"26.4"}` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "x.jsonl:1: the file is empty (want a first line"},
		{"header", "{}\n", "x.jsonl:1: the first line is no header"},
		{"json", head + "\nnot\n", "x.jsonl:3: the line is no entry: invalid character"},
		{"channel", head + `{"text":"x"}`, "x.jsonl:2: the entry has no channel or no text"},
		{"time", head + `{"at":2,"channel":"P","text":"x"}` + "\n" + `{"at":1,"channel":"P","text":"x"}`, "x.jsonl:3: the time 1ns is before 2ns"},
		{"in", head + `{"in":7,"channel":"A","text":"x"}`, "inside of entry 7, which is not there"},
		{"twice", head + `{"n":1,"channel":"A","text":"x"}` + "\n" + `{"n":1,"channel":"A","text":"x"}`, "x.jsonl:3: there are two entries 1"},
		{"app", head + `{"app":"other","channel":"A","text":"x"}`, "\"other\" is no app of this log (list it under apps"},
		{"long", head + strings.Repeat("x", maxLogLine+1), "x.jsonl:2: the line is too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadCallLog(strings.NewReader(c.text), "x.jsonl")
			var e *ParseError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// FuzzReadCallLog holds the reader and the player to it that nothing from outside makes them panic or hang.
func FuzzReadCallLog(f *testing.F) {
	f.Add(`{"format":"` + LogFormat + `","os":"26.4"}` + "\n" + `{"n":1,"at":5,"channel":"U","do":true,"text":"open"}`)
	builtinLogs(f)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ReadCallLog(strings.NewReader(text), "x.jsonl")
		if err != nil {
			return
		}
		last := l.Header.Length
		if n := len(l.Entries); n > 0 {
			last = max(last, l.Entries[n-1].At)
		}
		if len(l.Entries) > 200 || last > time.Hour {
			return // only to save time
		}
		if r, err := Replay(l, nil); err == nil {
			_ = r.First
		}
	})
}

func builtinLogs(f *testing.F) {
	all, err := builtinScenarios()
	if err != nil {
		f.Fatal(err)
	}
	for i := range all {
		if i%10 == 0 {
			var b bytes.Buffer
			if err := all[i].Play(Options{})[0].CallLog.Write(&b); err != nil {
				f.Fatal(err)
			}
			f.Add(b.String())
		}
	}
}
