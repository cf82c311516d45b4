package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/ringtrip/ringtrip/callkit/callkittest"
)

// record writes the call log of the one scenario that was played.
func (c *scenarioCmd) record(o out, reports []callkittest.Report) error {
	var all []callkittest.Result
	for _, r := range reports {
		all = append(all, r.Results...)
	}
	if len(all) != 1 {
		return fmt.Errorf("--record takes one scenario with one choice of its knobs, but %d would be played: %s (want --only ID, and --knob name=value)", len(all), names(all))
	}
	x := all[0]
	if x.Error != "" {
		return errors.New(x.Error)
	}
	f, err := os.Create(c.Record)
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	err = x.CallLog.Write(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(o, "%s: %d entries of %s on iOS %s\n", c.Record, len(x.CallLog.Entries), x.Name(), x.OS)
	if !x.OK() {
		fmt.Fprintf(o, "FAIL  %s\n%s", x.Name(), x.Detail())
		return errFailed
	}
	return nil
}

// replay plays a call log's inputs again, and fails at the first difference.
func (c *scenarioCmd) replay(o out) error {
	if len(c.Files) > 0 || len(c.Only) > 0 {
		return errors.New("--replay takes no scenarios: the log has all inputs")
	}
	f, err := os.Open(c.Replay)
	if err != nil {
		return fmt.Errorf("replaying: %w", err)
	}
	defer f.Close()
	l, err := callkittest.ReadCallLog(f, c.Replay)
	if err != nil {
		return err
	}
	if c.OS != "" {
		l.Header.OS = c.OS
	}
	for k, v := range c.Knob {
		if l.Header.Knobs == nil {
			l.Header.Knobs = map[string]string{}
		}
		l.Header.Knobs[k] = v
	}
	r, err := callkittest.Replay(l, nil)
	if err != nil {
		return err
	}
	if c.Log {
		fmt.Fprint(o, r.Log)
	}
	fmt.Fprintf(o, "%s: %d inputs, %d callbacks and effects as in the log\n", c.Replay, r.Inputs, r.Compared)
	for _, why := range r.Refused {
		fmt.Fprintf(o, "can't do again: %s\n", why)
	}
	if r.First != nil {
		fmt.Fprintf(o, "first difference: %s\n", r.First)
	}
	if !r.OK() {
		return errFailed
	}
	return nil
}
