package exchange

import "sync"

var shared struct {
	mu  sync.Mutex
	all map[string]*Exchange
}

// Share makes x known by a name, until Forget, to engines that are made elsewhere in the process.
func Share(name string, x *Exchange) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.all == nil {
		shared.all = make(map[string]*Exchange)
	}
	shared.all[name] = x
}

// Shared returns the exchange with a name; nil if there is none.
func Shared(name string) *Exchange {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	return shared.all[name]
}

// Forget forgets a name.
func Forget(name string) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	delete(shared.all, name)
}
