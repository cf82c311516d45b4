package iossim

// SetAirplane switches airplane mode. With it on, the phone has no network; the push service keeps the newest push
// of each app and delivers it late, when the phone comes back (forums 795610, 778512). Cellular calls end.
func (ph *Phone) SetAirplane(on bool) {
	ph.act("airplane mode "+onOff(on), func() {
		ph.airplane = on
		if on {
			ph.loseCellular()
		}
		ph.networkChanged()
	})
}

// SetLowPower switches low power mode. VoIP pushes come as ever; pushes of apns-priority 5 wait, see the knob
// lowPowerDelay.
func (ph *Phone) SetLowPower(on bool) {
	ph.act("low power mode "+onOff(on), func() { ph.lowPower = on })
}

// SetOnline says whether the phone has a network, besides airplane mode. The simulation keeps the flag, logs it,
// tells apps that are a [NetworkWatcher] and keeps pushes back (knob offlineStoresPush): what the packets of an app
// do is for its own network code to ask.
func (ph *Phone) SetOnline(on bool) {
	ph.act("network "+onOff(on), func() {
		ph.online = on
		ph.networkChanged()
	})
}

// Online reports whether the phone has a network.
func (ph *Phone) Online() bool {
	ph.w.mu.Lock()
	defer ph.w.mu.Unlock()
	return ph.hasNetwork()
}

func (ph *Phone) hasNetwork() bool { return ph.online && !ph.airplane }

// NetworkWatcher is an app value that wants to know when its phone loses and finds the network. Real apps
// learn it from NWPathMonitor; here the simulation tells it on the loop, not on a queue of the process.
type NetworkWatcher interface{ NetworkChanged(online bool) }

// networkChanged tells those who watch, and APNs, if the phone has lost or found the network.
func (ph *Phone) networkChanged() {
	on := ph.hasNetwork()
	if ph.told == on {
		return
	}
	ph.told = on
	for _, a := range ph.apps {
		if p := a.proc; p != nil {
			if nw, ok := p.code.(NetworkWatcher); ok {
				ph.w.outside(func() { nw.NetworkChanged(on) })
			}
		}
	}
	ph.back()
}
