package postgres

// maxMemo is how many calls a writer remembers, of some 500 bytes each.
const maxMemo = 8 << 10

// A memo is how a writer left calls' rows, by their ids, as far as indices follow from them: while they stay as they are,
// nothing has to be found out about them. It is no truth: other nodes change calls as well. Whoever goes by it expects the
// stamp of what it remembers, which no other commit has.
type memo map[string]known

type known struct {
	rev   uint64
	stamp int64
	indexed
}

// indexed is what of a call other rows follow from.
type indexed struct {
	app, devices, users, key string
	live                     bool
}

func rowOf(w *write) indexed {
	c := &w.t.Call
	return indexed{app: text(c.App), devices: names(c.Devices), users: names(c.Users), key: text(c.Key), live: c.Live}
}

// stays reports whether the call's indices stay as they are, but for the users' if it ends now.
func (k known) stays(now indexed) bool {
	before := k.indexed
	before.live = now.live
	return k.live && before == now
}

// keep remembers what became of a batch; results is nil if nobody knows.
func (m memo) keep(batch []*write, results []result) {
	for i, w := range batch {
		switch {
		case !w.cas:
		case results == nil || results[i].err != nil || !w.t.Call.Live: // one that ended hardly changes any more
			delete(m, w.t.Call.ID)
		default:
			if len(m) >= maxMemo {
				clear(m)
			}
			m[w.t.Call.ID] = known{rev: results[i].out.Rev, stamp: w.stamp, indexed: rowOf(w)}
		}
	}
}
