package iossim

import "fmt"

// PendingActions lists the actions of all apps that were handed out and are neither settled nor void, for tests that
// look for loose ends. Nothing is pending on a phone at rest.
func (ph *Phone) PendingActions() []string {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	var pending []string
	for _, a := range ph.apps {
		for _, x := range a.actions {
			if x.state == actionDelivered {
				pending = append(pending, fmt.Sprintf("%T for call %s", x.act, x.act.Call()))
			}
		}
	}
	return pending
}
