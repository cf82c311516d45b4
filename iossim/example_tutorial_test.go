package iossim_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// newPhone is a locked phone of a version of iOS with the smallest app on it.
func newPhone(w *iossim.World, os string) *iossim.Phone {
	phone, err := w.NewPhone(iossim.PhoneConfig{Name: "alice", OS: os, Locked: true})
	if err != nil {
		panic(err)
	}
	err = phone.Install(iossim.AppConfig{BundleID: "com.example.app", Name: "Example", New: func() callkit.App { return new(App) }})
	if err != nil {
		panic(err)
	}
	return phone
}

// Step 2 of the tutorial: the same test on every version of iOS. Older systems ring until somebody acts, newer ones
// end the ring by themselves after a minute.
func ExampleProfile() {
	for _, os := range iossim.Profiles {
		w := iossim.NewWorld(iossim.Config{Seed: 1})
		phone := newPhone(w, os)
		phone.DeliverPush("com.example.app", []byte(`"0190cafe-0000-7000-8000-000000000001"`))
		w.Run(90 * time.Second)
		fmt.Println(os, "still rings:", phone.Screen().Ringing())
		w.Close()
	}
	// Output:
	// 13 still rings: true
	// 14.5 still rings: true
	// 16 still rings: false
	// 17.4 still rings: false
	// 18 still rings: false
	// 26.0 still rings: false
	// 26.4 still rings: false
}

// Step 3: what Apple leaves open is a knob; a good app works with every value that is worth a try.
func ExamplePhone_SetKnob() {
	for _, k := range iossim.KnobList() {
		if k.Name != "activateTrigger" {
			continue
		}
		fmt.Println(k.Doc, "Source:", k.Source)
		for _, value := range k.Probes {
			w := iossim.NewWorld(iossim.Config{Seed: 1})
			phone := newPhone(w, "26.4")
			if err := phone.SetKnob(k.Name, value); err != nil {
				fmt.Println(err)
			}
			phone.DeliverPush("com.example.app", []byte(`"0190cafe-0000-7000-8000-000000000001"`))
			w.Run(time.Second)
			if err := phone.Answer(); err != nil {
				fmt.Println(err)
			}
			w.Run(time.Second)
			fmt.Println(value, "has sound:", phone.Screen().Call.Audio)
			w.Close()
		}
	}
	// Output:
	// When the audio session is activated for an answered or started call. Source: siprix PR61, openradar 28774388
	// afterFulfil has sound: true
	// afterPerform has sound: true
}

// Step 4: find out why a phone did not ring. A push that no app can read is not reported, and the system log says what
// iOS makes of that.
func ExampleWorld_Entries() {
	w := iossim.NewWorld(iossim.Config{Seed: 1})
	defer w.Close()
	phone := newPhone(w, "18")
	phone.DeliverPush("com.example.app", []byte(`{"what":"is this"}`))
	w.Run(10 * time.Second)
	for _, e := range w.Entries() {
		if strings.Contains(e.Text, "Killing") || strings.HasPrefix(e.Text, "kill") {
			fmt.Println(e)
		}
	}
	fmt.Println("strikes:", phone.Strikes("com.example.app"))
	// Output:
	// +0.250 alice SYS exception NSInternalInconsistencyException 'Killing app because it never posted an incoming call to the system after receiving a PushKit VoIP push.'
	// +0.250 alice SYS kill pid=101: push not reported, check 1
	// strikes: 1
}
