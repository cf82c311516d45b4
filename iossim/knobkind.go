package iossim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func keep[T any](to *T, v T, err error) {
	if err == nil {
		*to = v
	}
}

func span(name, doc, source, conf string, at func(*Knobs) *time.Duration) knob {
	return knob{KnobInfo{Name: name, Doc: doc, Source: source, Confidence: conf},
		func(k *Knobs) string {
			if d := *at(k); d != 0 {
				return d.String()
			}
			return "none"
		},
		func(k *Knobs, s string) error {
			if s == "none" {
				s = "0s"
			}
			d, err := time.ParseDuration(s)
			if err != nil || d < 0 || d > 1000*time.Hour {
				return fmt.Errorf("%.40q is no duration (want as 7s, 250ms or none)", s)
			}
			*at(k) = d
			return nil
		}}
}

// maxNumber is where a number without a range of its own ends.
const maxNumber = 10_000_000

func number(name, doc, source, conf string, at func(*Knobs) *int) knob {
	return knob{KnobInfo{Name: name, Doc: doc, Source: source, Confidence: conf},
		func(k *Knobs) string { return strconv.Itoa(*at(k)) },
		func(k *Knobs, s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < 0 || n > maxNumber {
				return fmt.Errorf("%.40q is no number from 0 to %d", s, maxNumber)
			}
			*at(k) = n
			return nil
		}}
}

func boolean(name, doc, source, conf string, at func(*Knobs) *bool) knob {
	return knob{KnobInfo{Name: name, Doc: doc, Source: source, Confidence: conf, Values: []string{"true", "false"}},
		func(k *Knobs) string { return strconv.FormatBool(*at(k)) },
		func(k *Knobs, s string) error {
			b, err := strconv.ParseBool(s)
			if err != nil {
				return fmt.Errorf("%.40q is neither true nor false", s)
			}
			*at(k) = b
			return nil
		}}
}

func choice(name, doc, source, conf string, at func(*Knobs) *string, values ...string) knob {
	return knob{KnobInfo{Name: name, Doc: doc, Source: source, Confidence: conf, Values: values},
		func(k *Knobs) string { return *at(k) },
		func(k *Knobs, s string) error {
			if !slices.Contains(values, s) {
				return fmt.Errorf("%.40q is not one of %s", s, strings.Join(values, ", "))
			}
			*at(k) = s
			return nil
		}}
}

// within narrows the range of a duration or a number. "none" as the least means that none is allowed.
func (d knob) within(least, most string) knob {
	d.Least, d.Most = least, most
	take := d.set
	var lo, hi Knobs
	if take(&lo, least) != nil || take(&hi, most) != nil {
		panic("iossim: knob " + d.Name + " has a range that is none")
	}
	d.set = func(k *Knobs, s string) error {
		try := *k
		if err := take(&try, s); err != nil {
			return fmt.Errorf("%w, from %s to %s", err, least, most)
		}
		if d.measure(&try) < d.measure(&lo) || d.measure(&try) > d.measure(&hi) {
			return fmt.Errorf("%.40q is out of range (want from %s to %s)", s, least, most)
		}
		*k = try
		return nil
	}
	return d
}

// measure is a duration's or number's size, to compare.
func (d knob) measure(k *Knobs) float64 {
	text := d.get(k)
	if text == "none" {
		return 0
	}
	if v, err := time.ParseDuration(text); err == nil {
		return float64(v)
	}
	n, _ := strconv.Atoi(text)
	return float64(n)
}

// unsettled marks a behaviour that nobody outside Apple is sure of. A scenario about it should be run with each of
// the probes; without any, with all valid values.
func (d knob) unsettled(probes ...string) knob {
	d.Unsettled, d.Probes = true, probes
	if len(probes) == 0 {
		d.Probes = slices.Clone(d.Values)
	}
	return d
}
