package iossim_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// PerformSetHeldCallAction stops or starts the call's media.
func (a *App) PerformSetHeldCallAction(_ callkit.Provider, held *callkit.SetHeldCallAction) {
	held.Fulfill()
}

// A cellular call comes in during a call of the app. The user puts the app's call on hold for it. When the far end
// of the cellular call hangs up, iOS tells the app nothing: it has to ask for its call to be resumed.
func ExamplePhone_HoldAndAccept() {
	w := iossim.NewWorld(iossim.Config{Seed: 1})
	defer w.Close()
	phone, err := w.NewPhone(iossim.PhoneConfig{Name: "alice", Locked: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = phone.Install(iossim.AppConfig{BundleID: "com.example.app", Name: "Example", New: func() callkit.App { return &App{} }})
	if err != nil {
		fmt.Println(err)
		return
	}
	step := func(err error) {
		if err != nil {
			fmt.Println(err)
		}
		w.Run(time.Second)
		if err := w.Check(); err != nil { // what must hold after every step
			fmt.Println(err)
		}
	}

	phone.DeliverPush("com.example.app", []byte(`"0190cafe-0000-7000-8000-000000000001"`))
	step(nil)
	step(phone.Answer())
	phone.CellularRing("+14085550100", "Carol")
	step(nil)
	fmt.Print(phone.Screen())
	step(phone.HoldAndAccept())
	fmt.Print(phone.Screen())
	phone.CellularEnd()
	w.Run(time.Hour)
	fmt.Print(phone.Screen())
	for _, line := range strings.Split(w.Log(), "\n") {
		if strings.Contains(line, "SetHeld") || strings.Contains(line, "did") && strings.Contains(line, "ctivate") {
			fmt.Println(line)
		}
	}
	// Output:
	// +--------------------------------------------
	// | 09:00  alice  locked
	// |   Carol
	// |   Phone Audio…
	// |   [Decline] [End & Accept] [Hold & Accept]
	// |   + Bob (Example) 00:02
	// +--------------------------------------------
	// +--------------------------------------------
	// | 09:00  alice  locked
	// |   Carol
	// |   00:01
	// |   [mute] [keypad] [speaker] [swap] (merge calls) [End]
	// |   + Bob (Example) on hold
	// +--------------------------------------------
	// +--------------------------------------------
	// | 10:00  alice  locked
	// |   Bob
	// |   on hold
	// |   [mute] (keypad) (speaker) [hold on] [add call] (more) [End]
	// +--------------------------------------------
	// +1.020 alice P didActivate
	// +3.000 alice P performSetHeld 0190cafe-0000-7000-8000-000000000001 1
	// +3.000 alice A fulfill SetHeld 0190cafe-0000-7000-8000-000000000001 1
	// +3.000 alice P didDeactivate
}
