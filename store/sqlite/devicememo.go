package sqlite

import (
	"slices"
	"sync"

	"github.com/ringtrip/ringtrip/store"
)

// maxKnownDevices bounds how many devices are remembered, of some 500 bytes each.
const maxKnownDevices = 16 << 10

// deviceMemo is what readers remember of devices, so that the start of a call need not read again what was read for the
// call before: a query costs as much as a request. Nobody but the writer of this process changes devices, and the memo
// forgets what it changed before anyone is told that it was: so what is remembered is as true as what would be read.
type deviceMemo struct {
	mu     sync.Mutex
	epoch  uint64 // counts what was forgotten: what was read before that may be old
	byID   map[deviceKey]store.Device
	byUser map[deviceKey][]store.Device
	in     map[deviceKey]string // of the devices in byUser: whose list each is in
}

// deviceKey is an app and the id of a device or a user of it.
type deviceKey struct{ app, id string }

// touched is a device that was changed, and the user whose it is now; the zero value is any device.
type touched struct{ app, id, user string }

func newDeviceMemo() *deviceMemo {
	return &deviceMemo{byID: map[deviceKey]store.Device{}, byUser: map[deviceKey][]store.Device{}, in: map[deviceKey]string{}}
}

// device returns a device if it is known. epoch is for keep.
func (m *deviceMemo) device(app, id string) (d store.Device, ok bool, epoch uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok = m.byID[deviceKey{app, id}]
	return d, ok, m.epoch
}

// ofUser returns the devices of a user if they are known. They are the caller's.
func (m *deviceMemo) ofUser(app, user string) (all []store.Device, ok bool, epoch uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all, ok = m.byUser[deviceKey{app, user}]
	return slices.Clone(all), ok, m.epoch
}

// keep remembers a device that was read after the epoch was told.
func (m *deviceMemo) keep(epoch uint64, d store.Device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if epoch == m.epoch {
		m.roomLocked(1)
		m.byID[deviceKey{d.App, d.ID}] = d
	}
}

// keepUser remembers the devices of a user, all of them, that were read after the epoch was told.
func (m *deviceMemo) keepUser(epoch uint64, app, user string, all []store.Device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if epoch != m.epoch || len(all) == 0 {
		return
	}
	m.roomLocked(len(all))
	m.byUser[deviceKey{app, user}] = slices.Clone(all)
	for _, d := range all {
		m.in[deviceKey{app, d.ID}] = user
	}
}

func (m *deviceMemo) roomLocked(n int) {
	if len(m.byID)+len(m.in)+n > maxKnownDevices {
		m.clearLocked()
	}
}

func (m *deviceMemo) clearLocked() {
	clear(m.byID)
	clear(m.byUser)
	clear(m.in)
}

// forget forgets what is known of devices that were changed.
func (m *deviceMemo) forget(all []touched) {
	if len(all) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
	for _, t := range all {
		if t == (touched{}) {
			m.clearLocked()
			return
		}
		key := deviceKey{t.app, t.id}
		delete(m.byID, key)
		if user, listed := m.in[key]; listed { // whose it was
			m.forgetUserLocked(t.app, user)
		}
		m.forgetUserLocked(t.app, t.user)
	}
}

func (m *deviceMemo) forgetUserLocked(app, user string) {
	key := deviceKey{app, user}
	for _, d := range m.byUser[key] {
		delete(m.in, deviceKey{app, d.ID})
	}
	delete(m.byUser, key)
}
