package phone

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

func sample() Saved {
	return Saved{Offset: -1500, Compared: true, Calls: []Record{
		{ID: id(1), Name: "Alice", Handle: "alice", HandleType: callkit.Generic, Token: "tok", Sent: 1, Expires: 2},
		{ID: id(2), Outgoing: true, Answered: true},
		{ID: id(3), Reason: call.Declined, Say: uint8(sayDecline)},
	}}
}

func TestFileJournal(t *testing.T) {
	dir := t.TempDir()
	j := &FileJournal{Path: filepath.Join(dir, "calls.json")}
	if got, err := j.Load(); err != nil || !reflect.DeepEqual(got, Saved{}) {
		t.Fatalf("a journal that is not there: %+v, %v", got, err)
	}
	for _, want := range []Saved{sample(), {}, sample()} {
		if err := j.Save(want); err != nil {
			t.Fatal(err)
		}
		if got, err := j.Load(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("saved %+v, loaded %+v, %v", want, got, err)
		}
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("%d files, want one", len(entries))
	}
	if info, _ := entries[0].Info(); info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the tokens: %v", info.Mode())
	}
}

func TestBrokenJournal(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "torn": `{"version":1,"calls":[{"id":"01`, "another version": `{"version":2}`, "no JSON": "\x00\x01",
		"a bad call": `{"version":1,"calls":[{"id":"x"}]}`, "too long": string(make([]byte, maxJournal+10)),
	} {
		t.Run(name, func(t *testing.T) {
			j := &FileJournal{Path: filepath.Join(t.TempDir(), "calls.json")}
			if err := os.WriteFile(j.Path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := j.Load()
			if !errors.Is(err, ErrJournal) || !reflect.DeepEqual(got, Saved{}) {
				t.Errorf("loaded %+v, %v; want nothing and ErrJournal", got, err)
			}
			r := newRig(t, false, func(c *Config, _ *rig) { c.Journal = j })
			r.ring(1) // it goes on, and writes a good one
			if got, err := j.Load(); err != nil || len(got.Calls) != 1 {
				t.Errorf("the next one holds %+v, %v", got, err)
			}
		})
	}
	bad := &FileJournal{Path: filepath.Join(t.TempDir(), "no", "such", "directory", "x")}
	if err := bad.Save(sample()); err == nil {
		t.Error("saved into a directory that does not exist")
	}
	r := newRig(t, false, func(c *Config, _ *rig) { c.Journal = bad })
	r.ring(1) // calls go on without a journal
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"version":1,"offset":5,"compared":true,"calls":[{"id":"01000000-0000-7000-8000-000000000001","reason":"declined","say":1}]}`))
	f.Add([]byte(`{"version":1,"calls":[{},{"say":200,"reason":"hungup","outgoing":true},{"handle_type":-5,"expires":-1}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseJournal(b)
		if err != nil {
			return
		}
		j := new(MemoryJournal)
		_ = j.Save(s)
		r := newRig(t, false, func(c *Config, _ *rig) { c.Journal = j })
		r.s.advance(2 * time.Minute)
		r.push(r.payload(1), true)
	})
}

// TestWrittenBeforeTheFarEndKnows: the journal holds what a request is about when the request is sent, and nothing is
// written before a push was reported.
func TestWrittenBeforeTheFarEndKnows(t *testing.T) {
	w := new(watchedJournal)
	r := newRig(t, false, func(c *Config, r *rig) { w.s = r.s; c.Journal = w })
	r.push(r.payload(1), true)
	r.want("report c1 Alice alice", "journal ringing", "send ack WOKE REPORTED RINGING with tok")
	r.answer(1)
	r.want("category PlayAndRecord VoiceChat", "journal answered", "send answer with tok")
	r.reply("AnswerRequest", signaling.Result{Call: r.truth(1, v1.CallState_CALL_STATE_ANSWERED)})
	r.s.take()
	r.end(1)
	r.want("journal hungup to say", "send end hungup", "fulfill end c1", "fail answer c1")
	r.reply("EndRequest", signaling.Result{})
	r.want("journal hungup")
}

type watchedJournal struct {
	MemoryJournal
	s *fakeSystem
}

func (j *watchedJournal) Save(s Saved) error {
	for _, c := range s.Calls {
		state := "ringing"
		switch {
		case c.Reason != call.NotEnded:
			state = c.Reason.String()
		case c.Answered:
			state = "answered"
		}
		if c.Say != 0 {
			state += " to say"
		}
		j.s.note("journal %s", state)
	}
	return j.MemoryJournal.Save(s)
}

func TestJournalKeepsTheClock(t *testing.T) {
	j := new(MemoryJournal)
	r := newRig(t, false, func(c *Config, _ *rig) { c.Journal = j })
	for _, skew := range []time.Duration{10 * time.Minute, -time.Hour, -time.Hour + 100*time.Millisecond} {
		r.s.skew = skew
		r.hello()
		s, _ := j.Load()
		if want := -skew.Milliseconds(); !s.Compared || !near(s.Offset, want) {
			t.Errorf("clock off by %v: saved %+v", skew, s)
		}
	}
}

func TestJournalIsBounded(t *testing.T) {
	j := new(MemoryJournal)
	r := newRig(t, false, func(c *Config, _ *rig) { c.Journal = j })
	for n := range byte(50) {
		r.push(r.payload(n+1), true)
		r.tell(r.over(n+1, call.Cancelled))
	}
	s, _ := j.Load()
	if len(s.Calls) > maxRecords || s.Calls[len(s.Calls)-1].ID != id(50) {
		t.Errorf("%d records, the last %v", len(s.Calls), s.Calls[len(s.Calls)-1].ID)
	}
}
