package vonage

import "sync"

// memory keeps what saves a request or fills in what a webhook leaves out: never anything that must be found again. It
// forgets the oldest.
type memory[V any] struct {
	mu            sync.Mutex
	young, former map[string]V
}

const maxMemory = 50_000 // of a generation

func (m *memory[V]) get(key string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.young[key]
	if !ok {
		v, ok = m.former[key]
	}
	return v, ok
}

func (m *memory[V]) put(key string, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= maxMemory {
		m.young, m.former = map[string]V{}, m.young
	}
	m.young[key] = v
}
