package iossim

import (
	"strings"
	"testing"
	"time"
)

func TestKnobsByName(t *testing.T) {
	for _, info := range KnobList() {
		k := DefaultKnobs()
		got, err := k.Get(info.Name)
		if err != nil || got != info.Default {
			t.Errorf("%s = %q, %v; the list says %q", info.Name, got, err, info.Default)
		}
		for _, v := range append([]string{info.Default}, info.Values...) {
			if err := k.Set(info.Name, v); err != nil {
				t.Errorf("setting %s to its own value: %v", info.Name, err)
			}
			if got, _ := k.Get(info.Name); got != v {
				t.Errorf("%s was set to %q and is %q", info.Name, v, got)
			}
		}
		before := k
		err = k.Set(info.Name, "utter nonsense")
		if err == nil || !strings.Contains(err.Error(), info.Name) {
			t.Errorf("%s took nonsense: %v", info.Name, err)
		}
		if k != before {
			t.Errorf("%s: a value that was refused changed something", info.Name)
		}
		for _, v := range info.Probes {
			if err := k.Set(info.Name, v); err != nil {
				t.Errorf("a probe of %s: %v", info.Name, err)
			}
		}
		if info.Confidence == "I" && !info.Unsettled {
			t.Errorf("%s is inferred, so it is not settled", info.Name)
		}
		if info.Unsettled && len(info.Probes) < 2 {
			t.Errorf("%s is not settled and has %d probes, want at least 2", info.Name, len(info.Probes))
		}
		if info.Doc == "" || info.Source == "" || info.Confidence == "" {
			t.Errorf("%s: doc, source or confidence is missing", info.Name)
		}
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct{ name, least, most, below, above string }{
		{"reportCheck2", "1s", "1m", "999ms", "1m1s"},
		{"ringTimeout", "none", "10m", "-1s", "10m1s"},
		{"pushLoss", "0", "100", "-1", "101"},
	} {
		k := DefaultKnobs()
		for _, v := range []string{c.least, c.most} {
			if err := k.Set(c.name, v); err != nil {
				t.Errorf("%s = %s: %v", c.name, v, err)
			}
		}
		before := k
		for _, v := range []string{c.below, c.above, "10000000000000000h"} {
			if err := k.Set(c.name, v); err == nil || !strings.Contains(err.Error(), c.most) || k != before {
				t.Errorf("%s = %s was taken, or refused without the range: %v", c.name, v, err)
			}
		}
	}
	text := DescribeKnobs()
	for _, want := range []string{"ringTimeout", "1s to 1m (T, not settled)", "incoming, all, none"} {
		if !strings.Contains(text, want) {
			t.Errorf("the description lacks %q:\n%s", want, text)
		}
	}
}

func TestUnknownKnobListsTheKnown(t *testing.T) {
	k := DefaultKnobs()
	err := k.Set("ringtimeouts", "1s")
	if err == nil || !strings.Contains(err.Error(), "ringTimeout, ") {
		t.Errorf("err = %v", err)
	}
	if _, err := k.Get("nothing"); err == nil {
		t.Error("Get of an unknown knob")
	}
	if err := k.Set("RINGTIMEOUT", "none"); err != nil || k.RingTimeout != 0 {
		t.Errorf("capitals: %v, %v", err, k.RingTimeout)
	}
}

func TestProfiles(t *testing.T) {
	for _, os := range Profiles {
		k, err := Profile(os)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := k.Get("iosVersion"); got != strings.TrimSuffix(os, ".0") {
			t.Errorf("profile %s has iosVersion %s", os, got)
		}
	}
	old, _ := Profile("13")
	if old.RingTimeout != 0 || old.PrefersBanner {
		t.Error("iOS 13 has no ring time-out and no banner")
	}
	if k, _ := Profile("16"); k.RingTimeout != time.Minute {
		t.Error("iOS 16 has a ring time-out")
	}
	for _, bad := range []string{"", "x", "12.5", "26.", "26.4.1", "-3", "1e9"} {
		if _, err := Profile(bad); err == nil {
			t.Errorf("profile %q was taken", bad)
		}
	}
}

func FuzzKnobs(f *testing.F) {
	for _, info := range KnobList() {
		f.Add(info.Name, info.Default)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		k := DefaultKnobs()
		if k.Set(name, value) != nil {
			return
		}
		v, err := k.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		again := DefaultKnobs()
		if err := again.Set(name, v); err != nil || again != k {
			t.Fatalf("%s=%q reads back as %q: %v", name, value, v, err)
		}
	})
}
