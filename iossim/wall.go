package iossim

import "time"

// loop runs a wall world: it does what is due, then sleeps until the next event or a kick.
func (w *World) loop() {
	defer close(w.done)
	w.mu.Lock()
	defer w.mu.Unlock()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for !w.closed {
		w.executing = true
		w.tick()
		if w.step(w.now) || w.tell() {
			continue
		}
		w.executing = false
		w.idle.Broadcast()
		wait := time.Hour
		if e := w.queue.first(); e != nil {
			wait = max(0, e.at.Sub(w.now))
		}
		timer.Reset(wait)
		w.outside(func() {
			select {
			case <-w.kick:
			case <-timer.C:
			}
		})
	}
	w.executing = false
}

func (w *World) wakeLoop() {
	select {
	case w.kick <- struct{}{}:
	default: // a kick is waiting already
	}
}

// due reports whether an event waits for the loop at this moment, or news for the listeners.
func (w *World) due() bool {
	w.tick()
	e := w.queue.first()
	return e != nil && !e.at.After(w.now) || w.unsent < len(w.log) && len(w.onLog) > 0 || len(w.changed) > 0
}
