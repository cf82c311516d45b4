package storetest

import (
	"bytes"
	"errors"
	"sync"

	"github.com/ringtrip/ringtrip/store"
)

var userTests = []test{
	{"Kept", userKept},
	{"Race", userRace},
}

func userKept(b *bench) {
	_, err := b.User(b.ctx(), "app", "alice")
	b.wantErr("an unknown user", err, store.ErrNotFound)
	u := store.User{App: "app", ID: "alice", Wishes: []byte(`{"blocked":["mallory"]}`)}
	u.Rev = must[uint64](b, "PutUser")(b.PutUser(b.ctx(), u))
	if u.Rev != 1 {
		b.Errorf("the first rev is %d, want 1", u.Rev)
	}
	b.same("user", must[store.User](b, "User")(b.User(b.ctx(), "app", "alice")), u)
	again := u
	again.Rev = 0
	_, err = b.PutUser(b.ctx(), again)
	b.wantErr("a user who exists, made again", err, store.ErrConflict)
	u.Wishes = []byte{0, 0xff, 1}
	u.Rev = must[uint64](b, "PutUser")(b.PutUser(b.ctx(), u))
	b.same("user", must[store.User](b, "User")(b.User(b.ctx(), "app", "alice")), u)
	old := u
	old.Rev, old.Wishes = 1, []byte("late")
	_, err = b.PutUser(b.ctx(), old)
	b.wantErr("a change of what is not true any more", err, store.ErrConflict)
	_, err = b.PutUser(b.ctx(), store.User{App: "app", ID: "bob", Rev: 3})
	b.wantErr("a change of nobody", err, store.ErrConflict)
	b.same("user", must[store.User](b, "User")(b.User(b.ctx(), "app", "alice")), u)
	for _, other := range []struct{ app, id string }{{"other", "alice"}, {"app", "bob"}} {
		_, err = b.User(b.ctx(), other.app, other.id)
		b.wantErr("somebody else's wishes", err, store.ErrNotFound)
	}
	big := store.User{App: "app", ID: "big", Wishes: bytes.Repeat([]byte("x"), store.MaxState)}
	must[uint64](b, "PutUser")(b.PutUser(b.ctx(), big))
	big.Rev, big.Wishes = 1, append(big.Wishes, 'x')
	_, err = b.PutUser(b.ctx(), big)
	b.wantErr("wishes that are too long", err, store.ErrTooBig)
	must[uint64](b, "PutUser")(b.PutUser(b.ctx(), store.User{App: "app", ID: "nothing"}))
	if got := must[store.User](b, "User")(b.User(b.ctx(), "app", "nothing")); len(got.Wishes) != 0 || got.Rev != 1 {
		b.Errorf("no wishes became %+v", got)
	}
}

// userRace is several devices of one user that change a wish at once: nothing is overwritten unseen.
func userRace(b *bench) {
	const writers, each = 8, 5
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for done := 0; done < each; {
				u, err := b.User(b.ctx(), "app", "alice")
				if errors.Is(err, store.ErrNotFound) {
					u, err = store.User{App: "app", ID: "alice"}, nil
				}
				if err == nil {
					u.Wishes = append(u.Wishes, '+')
					_, err = b.PutUser(b.ctx(), u)
				}
				switch {
				case err == nil:
					done++
				case !errors.Is(err, store.ErrConflict):
					b.Errorf("PutUser: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	u := must[store.User](b, "User")(b.User(b.ctx(), "app", "alice"))
	if len(u.Wishes) != writers*each || u.Rev != writers*each {
		b.Errorf("%d changes left %d, rev %d", writers*each, len(u.Wishes), u.Rev)
	}
}
