package iossim_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// examplePhone is a phone with the example app on it.
func examplePhone(w *iossim.World) *iossim.Phone {
	phone, err := w.NewPhone(iossim.PhoneConfig{Name: "alice", Locked: true})
	if err == nil {
		err = phone.Install(iossim.AppConfig{BundleID: "com.example.app", Name: "Example", New: func() callkit.App { return new(App) }})
	}
	if err != nil {
		panic(err)
	}
	return phone
}

// printLines prints what the log has on a subject.
func printLines(w *iossim.World, words ...string) {
	for line := range strings.Lines(w.Log()) {
		for _, word := range words {
			if strings.Contains(line, word) {
				fmt.Print(line)
				break
			}
		}
	}
}

// A call that was sent while the phone was in airplane mode comes late, and only the newest: does your app ring for a
// caller who has hung up long ago?
func ExamplePhone_SetAirplane() {
	w := iossim.NewWorld(iossim.Config{})
	defer w.Close()
	phone := examplePhone(w)
	phone.SetAirplane(true)
	phone.DeliverPush("com.example.app", []byte(`"0190cafe-0000-7000-8000-000000000001"`), iossim.ExpiresAtOnce())
	phone.DeliverPush("com.example.app", []byte(`"0190cafe-0000-7000-8000-000000000002"`), iossim.ExpiresAtOnce())
	w.Run(25 * time.Second)
	phone.SetAirplane(false)
	w.Run(2 * time.Second)
	printLines(w, " N ", "didReceive", "SYS ring")
	// Output:
	// +0.000 alice N voipPush com.example.app stored: the phone can't be reached
	// +0.000 alice N voipPush com.example.app stored, replaces an older one: the phone can't be reached
	// +26.000 alice N voipPush 38 bytes age=26s
	// +26.250 alice R didReceive mustReport=false
	// +26.250 alice SYS ring 0190cafe-0000-7000-8000-000000000002 caller="Bob" video=0
}

// What is left of a call when the app crashes while it answers?
func ExamplePhone_CrashAt() {
	w := iossim.NewWorld(iossim.Config{})
	defer w.Close()
	phone := examplePhone(w)
	phone.CrashAt("com.example.app", "fulfill Answer", 1)
	phone.DeliverPush("com.example.app", []byte(`"0190cafe-0000-7000-8000-000000000001"`))
	w.Run(time.Second)
	if err := phone.Answer(); err != nil {
		fmt.Println(err)
	}
	w.Run(time.Second)
	printLines(w, "kill")
	fmt.Println("calls on the phone:", len(phone.Calls()), "connected:", phone.Calls()[0].HasConnected)
	// Output:
	// +1.000 alice SYS kill pid=101: crash: after fulfill Answer 0190cafe-0000-7000-8000-000000000001
	// calls on the phone: 1 connected: true
}
