package storetest_test

import (
	"testing"

	"github.com/ringtrip/ringtrip/store"
	"github.com/ringtrip/ringtrip/store/storetest"
)

func TestPresenceInMemory(t *testing.T) {
	storetest.RunPresence(t, func(*testing.T) store.Presence { return storetest.NewPresence() })
}
