package iossim

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/ringtrip/ringtrip/callkit"
)

// directory is what a call directory extension has given the system, and what is under way.
type directory struct {
	enabled bool
	loaded  bool // a request before was completed, so that the next is incremental
	blocked map[callkit.CallDirectoryPhoneNumber]struct{}
	labels  map[callkit.CallDirectoryPhoneNumber]string
	loading *directoryRequest
}

// DirectoryIdentifier is the identifier of an app's call directory extension on a simulated iPhone.
func DirectoryIdentifier(bundleID string) string { return bundleID + ".directory" }

// EnableCallDirectory is the user switching an app's call directory extension in Settings. Switched on, it is asked
// for its entries at once; switched off, they are gone. It fails if the app has none.
func (ph *Phone) EnableCallDirectory(bundleID string, on bool) error {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	ph.w.tick()
	a := ph.find(bundleID)
	if a == nil {
		return ph.noApp(bundleID)
	}
	if a.cfg.CallDirectory == nil {
		return fmt.Errorf("iossim: %s has no call directory extension: AppConfig.CallDirectory is nil", bundleID)
	}
	ph.after(0, func() {
		ph.log(ChanUser, a.tag(), "call directory %s", onOff(on))
		if a.directory.enabled == on {
			return
		}
		if r := a.directory.loading; r != nil {
			r.fail(callkit.CallDirectoryExtensionDisabled, "the user switched the extension off")
		}
		a.directory = directory{enabled: on}
		if on {
			a.load(nil)
		}
	})
	return nil
}

// directoryNumber is a phone number handle as the directories have it.
func (ph *Phone) directoryNumber(h callkit.Handle) (callkit.CallDirectoryPhoneNumber, bool) {
	if h.Type != callkit.PhoneNumber {
		return 0, false
	}
	n, err := strconv.ParseInt(phoneNumber(h.Value, ph.locale), 10, 64)
	return callkit.CallDirectoryPhoneNumber(n), err == nil
}

// directoryBlocks reports whether a call directory extension blocks a caller.
func (ph *Phone) directoryBlocks(h callkit.Handle) bool {
	n, ok := ph.directoryNumber(h)
	if !ok {
		return false
	}
	for _, a := range ph.apps {
		if _, on := a.directory.blocked[n]; on {
			return true
		}
	}
	return false
}

// directoryLabel is what a call directory extension says who a caller is, or "".
func (ph *Phone) directoryLabel(h callkit.Handle) string {
	n, ok := ph.directoryNumber(h)
	if !ok {
		return ""
	}
	for _, a := range ph.apps {
		if label := a.directory.labels[n]; label != "" {
			return label
		}
	}
	return ""
}

// directoryRequest is a call directory extension being asked: its CXCallDirectoryExtensionContext. World.mu guards it.
type directoryRequest struct {
	x           *extension
	incremental bool
	delegate    callkit.CallDirectoryExtensionContextDelegate
	blocked     map[callkit.CallDirectoryPhoneNumber]struct{}
	labels      map[callkit.CallDirectoryPhoneNumber]string
	lastBlocked callkit.CallDirectoryPhoneNumber
	lastLabel   callkit.CallDirectoryPhoneNumber
	failed      error
	completed   bool
	done        []func(error)
}

var _ callkit.CallDirectoryExtensionContext = (*directoryRequest)(nil)

// load asks the extension for its entries. done may be nil.
func (a *app) load(done func(error)) {
	d := &a.directory
	r := &directoryRequest{incremental: d.loaded && a.ph.knobs.DirectoryIncremental}
	r.blocked, r.labels = map[callkit.CallDirectoryPhoneNumber]struct{}{}, map[callkit.CallDirectoryPhoneNumber]string{}
	if r.incremental {
		maps.Copy(r.blocked, d.blocked)
		maps.Copy(r.labels, d.labels)
	}
	if done != nil {
		r.done = append(r.done, done)
	}
	d.loading = r
	r.x = a.startExtension(callDirectory, func(x *extension) {
		code := a.cfg.CallDirectory()
		x.w.mu.Lock()
		defer x.w.mu.Unlock()
		x.post(x.say("beginRequest incremental="+bit(r.incremental)), func() { code.BeginRequest(r) })
	}, func(*extension) {})
	r.x.onEnd = func(why string) {
		r.finish(callDirectoryError(callkit.CallDirectoryLoadingInterrupted, "the extension ended: "+why))
	}
}

// finish ends the request, once: its entries count, or those of the request before stay.
func (r *directoryRequest) finish(err error) {
	a := r.x.app
	if a.directory.loading != r {
		return
	}
	a.directory.loading = nil
	if err == nil {
		a.directory.loaded, a.directory.blocked, a.directory.labels = true, r.blocked, r.labels
	}
	a.ph.log(ChanSystem, a.tag(), "call directory loaded %s blocked=%d identified=%d", short(err), len(a.directory.blocked), len(a.directory.labels))
	for _, f := range r.done {
		f(err)
	}
	r.x.end("the request is over")
}

// fail is an entry that is wrong. The lock is held.
func (r *directoryRequest) fail(code int, text string) {
	if r.failed != nil || r.completed {
		return
	}
	r.failed = callDirectoryError(code, text)
	if d := r.delegate; d != nil {
		r.x.post(r.x.say("requestFailed "+short(r.failed)), func() { d.RequestFailed(r, r.failed) })
	}
	r.x.post(nil, func() {
		r.x.w.mu.Lock()
		defer r.x.w.mu.Unlock()
		r.finish(r.failed)
	})
}

// entry is an entry to add.
func (r *directoryRequest) entry(n callkit.CallDirectoryPhoneNumber, last *callkit.CallDirectoryPhoneNumber, count int) bool {
	limit := r.x.ph.knobs.DirectoryEntries
	switch {
	case r.x.dead || r.failed != nil || r.completed:
		return false
	case n <= 0 || n > callkit.CallDirectoryPhoneNumberMax:
		r.fail(callkit.CallDirectoryUnknown, fmt.Sprintf("%d is no phone number with country code", n))
	case n == *last:
		r.fail(callkit.CallDirectoryDuplicateEntries, fmt.Sprintf("%d came twice", n))
	case n < *last:
		r.fail(callkit.CallDirectoryEntriesOutOfOrder, fmt.Sprintf("%d came after %d, want ascending order", n, *last))
	case count >= limit:
		r.fail(callkit.CallDirectoryMaximumEntriesExceeded, fmt.Sprintf("more than %d entries", limit))
	default:
		*last = n
		return true
	}
	return false
}

// removal reports whether entries may be removed.
func (r *directoryRequest) removal() bool {
	if r.x.dead || r.failed != nil || r.completed {
		return false
	}
	if !r.incremental {
		r.fail(callkit.CallDirectoryUnexpectedIncrementalRemoval, "entries can be removed only when the request is incremental")
		return false
	}
	return true
}

func (r *directoryRequest) locked(f func()) {
	r.x.w.mu.Lock()
	defer r.x.w.mu.Unlock()
	r.x.w.tick()
	f()
}

// SetDelegate is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) SetDelegate(d callkit.CallDirectoryExtensionContextDelegate) {
	r.locked(func() { r.delegate = d })
}

// IsIncremental is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) IsIncremental() bool { return r.incremental }

// AddBlockingEntry is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) AddBlockingEntry(n callkit.CallDirectoryPhoneNumber) {
	r.locked(func() {
		if r.entry(n, &r.lastBlocked, len(r.blocked)) {
			r.blocked[n] = struct{}{}
		}
	})
}

// RemoveBlockingEntry is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) RemoveBlockingEntry(n callkit.CallDirectoryPhoneNumber) {
	r.locked(func() {
		if r.removal() {
			delete(r.blocked, n)
		}
	})
}

// RemoveAllBlockingEntries is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) RemoveAllBlockingEntries() {
	r.locked(func() {
		if r.removal() {
			clear(r.blocked)
		}
	})
}

// AddIdentificationEntry is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) AddIdentificationEntry(n callkit.CallDirectoryPhoneNumber, label string) {
	r.locked(func() {
		if r.entry(n, &r.lastLabel, len(r.labels)) {
			r.labels[n] = label
		}
	})
}

// RemoveIdentificationEntry is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) RemoveIdentificationEntry(n callkit.CallDirectoryPhoneNumber) {
	r.locked(func() {
		if r.removal() {
			delete(r.labels, n)
		}
	})
}

// RemoveAllIdentificationEntries is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) RemoveAllIdentificationEntries() {
	r.locked(func() {
		if r.removal() {
			clear(r.labels)
		}
	})
}

// CompleteRequest is part of [callkit.CallDirectoryExtensionContext].
func (r *directoryRequest) CompleteRequest(completion func(expired bool)) {
	r.locked(func() {
		if r.completed || r.failed != nil {
			return
		}
		r.completed = true
		expired := r.x.expired
		r.x.sendLocked(fmt.Sprintf("directory.completeRequest blocking=%d identification=%d", len(r.blocked), len(r.labels)), func() {
			r.x.post(r.x.say("completeRequest expired="+bit(expired)), func() {
				if completion != nil {
					completion(expired)
				}
				r.locked(func() { r.finish(nil) })
			})
		})
	})
}

func callDirectoryError(code int, text string) error {
	return &callkit.Error{Domain: callkit.CallDirectoryErrorDomain, Code: code, Text: text}
}

// directoryManager is CXCallDirectoryManager.
type directoryManager struct{ p *Process }

var _ callkit.CallDirectory = (*Process)(nil)

// CallDirectoryManager is part of [callkit.CallDirectory].
func (p *Process) CallDirectoryManager() callkit.CallDirectoryManager { return directoryManager{p} }

// check finds what stands against asking the extension; identifiers of other apps' extensions are unknown.
func (m directoryManager) check(identifier string) error {
	a := m.p.app
	if a.cfg.CallDirectory == nil || identifier != DirectoryIdentifier(a.cfg.BundleID) {
		return callDirectoryError(callkit.CallDirectoryNoExtensionFound, fmt.Sprintf("the app has no extension %.80q", identifier))
	}
	return nil
}

// ReloadExtension is part of [callkit.CallDirectoryManager].
func (m directoryManager) ReloadExtension(identifier string, completion func(error)) {
	m.p.send("directory.reloadExtension "+oneWord(identifier), func() {
		done := func(err error) { m.p.completeError(completion, err) }
		d := &m.p.app.directory
		switch err := m.check(identifier); {
		case err != nil:
			done(err)
		case !d.enabled:
			done(callDirectoryError(callkit.CallDirectoryExtensionDisabled, "the user has not enabled the extension"))
		case d.loading != nil:
			done(callDirectoryError(callkit.CallDirectoryCurrentlyLoading, "the extension is being loaded already"))
		default:
			m.p.app.load(done)
		}
	})
}

// EnabledStatus is part of [callkit.CallDirectoryManager].
func (m directoryManager) EnabledStatus(identifier string, completion func(callkit.CallDirectoryEnabledStatus, error)) {
	m.p.send("directory.getEnabledStatus "+oneWord(identifier), func() {
		err := m.check(identifier)
		status := callkit.CallDirectoryUnknownStatus
		switch {
		case err != nil:
		case m.p.app.directory.enabled:
			status = callkit.CallDirectoryEnabled
		default:
			status = callkit.CallDirectoryDisabled
		}
		m.p.completeError(func(err error) {
			if completion != nil {
				completion(status, err)
			}
		}, err)
	})
}

// OpenSettings is part of [callkit.CallDirectoryManager].
func (m directoryManager) OpenSettings(completion func(error)) {
	m.p.send("directory.openSettings", func() {
		switch {
		case !m.p.ph.has(featureOpenSettings):
			m.p.raise("-[CXCallDirectoryManager openSettingsWithCompletionHandler:]")
		case !m.p.ph.foreground(m.p.app):
			m.p.completeError(completion, callDirectoryError(callkit.CallDirectoryUnknown, "the app is not in the foreground"))
		default:
			m.p.ph.log(ChanSystem, m.p.tag(), "settings Call Blocking & Identification")
			m.p.ph.front = nil
			m.p.completeError(completion, nil)
		}
	})
}
