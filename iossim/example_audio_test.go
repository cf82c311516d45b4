package iossim_test

import (
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/iossim"
)

// Ears is what an app hears of its audio session.
type Ears struct{}

// AudioInterruption is the short form, for apps that ask for no more.
func (Ears) AudioInterruption(callkit.InterruptionType) {}

// AudioInterrupted says all of an interruption.
func (Ears) AudioInterrupted(i callkit.Interruption) {
	fmt.Println("interruption:", i.Type == callkit.InterruptionBegan, "should resume:", i.Options&callkit.ShouldResume != 0)
}

// AudioRouteChange hears where the sound goes.
func (Ears) AudioRouteChange(why callkit.RouteChangeReason, port callkit.AudioPort) {
	fmt.Println("route:", why, port)
}

// A call goes from the ear to a headset, to the speaker, and its microphone is muted by the headset's gesture.
func ExamplePhone_Plug() {
	w := iossim.NewWorld(iossim.Config{Seed: 1})
	defer w.Close()
	phone, err := w.NewPhone(iossim.PhoneConfig{Name: "alice", OS: "26.4"})
	if err != nil {
		fmt.Println(err)
		return
	}
	app := new(App)
	err = phone.Install(iossim.AppConfig{BundleID: "com.example.app", Name: "Example", New: func() callkit.App { return app }})
	if err != nil {
		fmt.Println(err)
		return
	}
	phone.DeliverPush("com.example.app", []byte(`"0190cafe-0000-7000-8000-000000000001"`))
	w.Run(time.Second)
	app.sys.AudioSession().SetObserver(Ears{})
	fmt.Println(phone.Answer())
	w.Run(time.Second)
	fmt.Println(phone.Screen().Route)

	fmt.Println(phone.Plug(callkit.BluetoothHFP)) // AirPods
	w.Run(time.Second)
	fmt.Println(phone.Speaker(true))
	w.Run(time.Second)
	fmt.Println(phone.Screen().Routes)
	fmt.Println(phone.ChooseRoute(callkit.BluetoothHFP))
	w.Run(time.Second)
	fmt.Println(phone.MuteGesture())
	w.Run(time.Second)
	fmt.Println("muted:", phone.Screen().Call.Muted)

	// The app fulfilled the mute and goes on sending: nobody would see it on a phone.
	phone.AppMicrophone("com.example.app", true)
	w.Run(2 * time.Second)
	fmt.Println(phone.Screen().Call.Mismatch)
	// Output:
	// <nil>
	// Receiver
	// <nil>
	// route: NewDeviceAvailable BluetoothHFP
	// <nil>
	// route: Override Speaker
	// [Receiver Speaker BluetoothHFP]
	// <nil>
	// route: Override BluetoothHFP
	// <nil>
	// muted: true
	// muted on the screen, but the app sends
}

// Another app plays music: a call interrupts it, and it may go on when the call is over.
func ExamplePhone_Interrupt() {
	w := iossim.NewWorld(iossim.Config{Seed: 1})
	defer w.Close()
	phone, err := w.NewPhone(iossim.PhoneConfig{Name: "alice", OS: "26.4"})
	if err != nil {
		fmt.Println(err)
		return
	}
	music := new(App)
	err = phone.Install(iossim.AppConfig{BundleID: "com.example.music", Name: "Music", AudioBackgroundMode: true, New: func() callkit.App { return music }})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(phone.OpenApp("com.example.music"))
	w.Run(time.Second)
	session, whole := callkit.WholeAudio(music.sys.AudioSession())
	fmt.Println(whole)
	session.SetObserver(Ears{})
	fmt.Println(session.SetCategory(callkit.Playback, callkit.ModeDefault, 0), session.SetActive(true))

	fmt.Println(phone.Interrupt(iossim.InterruptAlarm, 10*time.Second))
	w.Run(time.Minute)

	fmt.Println(phone.Interrupt(iossim.InterruptSiri, 10*time.Second))
	w.Run(time.Second)
	fmt.Println(session.SetActive(true))
	// Output:
	// <nil>
	// true
	// <nil> <nil>
	// <nil>
	// interruption: true should resume: false
	// interruption: false should resume: true
	// <nil>
	// NSOSStatusErrorDomain 1936290409: Siri is recording
}
