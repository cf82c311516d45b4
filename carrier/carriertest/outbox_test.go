package carriertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// told is an outbox whose jobs write down their names and take their time.
type told struct {
	*outbox
	names []string
}

func newTold() *told {
	return &told{outbox: newOutbox(time.Second, func(held []job) { slices.Reverse(held) })}
}

// job is one that takes a while, from when it is let go.
func (o *told) job(name, key string, takes time.Duration) job {
	return job{key: key, run: func(era int) {
		if o.pause(takes) && o.same(era) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.names = append(o.names, name)
		}
	}}
}

func (o *told) put(j job, times int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hold(j, times)
}

// over waits for all jobs, and is what they wrote.
func (o *told) over(t *testing.T) string {
	t.Helper()
	if err := o.wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	all := strings.Join(o.names, " ")
	o.names = nil
	return all
}

func TestOutbox(t *testing.T) {
	for name, test := range map[string]struct {
		faults Faults
		do     func(*told)
		want   string
	}{
		"of one key in order, of others not": {Faults{}, func(o *told) {
			o.put(o.job("slow", "a", time.Minute), 1)
			o.put(o.job("after it", "a", time.Second), 2)
			o.put(o.job("another's", "b", time.Second), 1)
			o.put(o.job("second", "", 3*time.Second), 1)
			o.put(o.job("first", "", 2*time.Second), 1)
		}, "another's first second slow after it after it"},
		"shuffled when enough are there": {Faults{Shuffle: 2}, func(o *told) {
			for _, n := range []string{"1", "2", "3", "4"} {
				o.put(o.job(n, "a", 0), 1)
			}
		}, "3 2 1 4"},
		"shuffled when no more come": {Faults{Shuffle: 9}, func(o *told) {
			o.put(o.job("1", "a", 0), 1)
			o.put(o.job("2", "a", 0), 1)
			time.Sleep(2 * flushAfter)
			o.put(o.job("3", "a", 0), 1)
		}, "2 1 3"},
		"an outage loses what waits, is held, or is on its way": {Faults{}, func(o *told) {
			o.put(o.job("on its way", "a", time.Minute), 1)
			o.put(o.job("waits", "a", 0), 1)
			o.fail(Faults{Shuffle: 2})
			o.put(o.job("held", "a", 0), 1)
			o.drop()
			o.put(o.job("after it", "a", 0), 1)
		}, "after it"},
		"late": {Faults{Late: time.Hour}, func(o *told) {
			o.put(o.job("late", "", 0), 1)
			o.fail(Faults{})
			o.put(o.job("early", "", 0), 1)
		}, "early late"},
		"what is due": {Faults{}, func(o *told) {
			o.due(1)
			o.work.Go(func() {
				time.Sleep(time.Minute)
				o.put(o.job("written late", "", time.Second), 1)
				o.due(-1)
			})
		}, "written late"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newTold()
				defer o.close()
				o.fail(test.faults)
				test.do(o)
				if got := o.over(t); got != test.want {
					t.Errorf("%s; it should be %s", got, test.want)
				}
			})
		})
	}
}

// TestOutboxCloses: close waits for nobody's time, and what comes after it is not done.
func TestOutboxCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTold()
		begun := time.Now()
		o.fail(Faults{Late: time.Hour})
		o.put(o.job("late", "", 0), 1)
		o.put(o.job("behind it", "a", 0), 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := o.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting says %v", err)
		}
		o.fail(Faults{Shuffle: 1})
		o.put(o.job("held", "", 0), 1)
		o.close()
		o.put(o.job("too late", "", 0), 2)
		if got := o.over(t); got != "" || time.Since(begun) != time.Second {
			t.Errorf("done: %q, after %s", got, time.Since(begun))
		}
	})
}
