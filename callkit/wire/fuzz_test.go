package wire_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/callkit/callkittest"
	"github.com/ringtrip/ringtrip/callkit/wire"
)

// commands are one of each kind of command, as JSON.
var commands = []string{
	`{"op":"provider.new","object":1,"config":{"maximumCallGroups":1,"maximumCallsPerCallGroup":1,"includesCallsInRecents":true,"supportsVideo":false,"supportsAudioTranslation":false}}`,
	`{"op":"provider.setDelegate","object":1,"on":true,"implements":["ExecuteTransaction?","PerformStartCallAction"]}`,
	`{"op":"provider.reportNewIncomingCall","object":1,"ticket":1,"call":"01234567-89ab-4cde-8f01-23456789abcd","update":{}}`,
	`{"op":"controller.new","object":2}`,
	`{"op":"controller.requestTransaction","object":2,"ticket":2,"actions":[{"kind":"Start","call":"x"},{"kind":"SetGroup","call":""}]}`,
	`{"op":"action.fulfill","action":{"kind":"Answer","id":"x","call":"y"}}`,
	`{"op":"observer.new","object":3}`, `{"op":"observer.calls","object":3}`,
	`{"op":"registry.new","object":4}`, `{"op":"registry.setDesiredPushTypes","object":4,"types":["PKPushTypeVoIP"]}`,
	`{"op":"audio.setCategory","audio":{"category":"Playback","mode":"x","options":99,"policy":1}}`, `{"op":"audio.state"}`,
	`{"op":"audio.setPreferredInput","name":"none"}`, `{"op":"audio.setPreferredSampleRate","audio":{"category":"","mode":"","options":0,"preferredSampleRate":-1}}`,
	`{"op":"microphone.state"}`, `{"op":"interaction.donate","ticket":3,"interaction":{"intent":{"type":"","intent":true}}}`,
	`{"op":"directory.reload","name":"x","ticket":4}`, `{"op":"provider.reportNewIncomingVoIPPushPayload","payload":"AA==","ticket":5}`,
	`{"op":"manager.new","object":5}`, `{"op":"manager.setDelegate","object":5,"on":true}`,
	`{"op":"manager.perform","object":5,"ticket":6,"actions":[{"kind":"Start","call":"z","members":[{"handle":{"type":9,"value":""}}]}]}`,
	`{"op":"manager.reportNewIncomingConversation","object":5,"call":"q","ticket":7,"conversation":{"members":[],"capabilities":-1}}`,
	`{"op":"manager.reportConversationEvent","object":5,"call":"q","name":"ended","number":77}`,
	`{"op":"history.recentConversations","ticket":8}`, `{"op":"telephony.startCellularConversation","ticket":9,"names":["a"]}`,
	`{"op":"timer.start","ticket":10,"delay":-5}`, `{"op":"process.startAudio","on":true}`, `{"op":"no such"}`, `{}`,
}

// stranger is an app that only keeps what the system gives it.
type stranger struct{ host *wire.Host }

// DidFinishLaunching is part of [callkit.App].
func (s *stranger) DidFinishLaunching(sys callkit.System, _ callkit.LaunchOptions) {
	s.host = wire.NewHost(sys, func(wire.Message) wire.Message { return wire.Message{} })
}

// FuzzHost gives a host commands that make no sense: it answers, and neither panics nor hangs.
func FuzzHost(f *testing.F) {
	for _, c := range commands {
		f.Add([]byte(c))
	}
	f.Fuzz(func(t *testing.T, command []byte) {
		var m wire.Message
		if json.Unmarshal(command, &m) != nil || m.Delay > int64(time.Minute) {
			return
		}
		app := &stranger{}
		stage, err := callkittest.Simulator(callkittest.StageConfig{Seed: 1, App: func() callkit.App { return app }})
		if err != nil {
			t.Fatal(err)
		}
		defer stage.Close()
		if err := stage.Do("U", []string{"open"}); err != nil {
			t.Fatal(err)
		}
		stage.Wait(time.Second)
		for _, c := range commands { // so that there is something for it to be about
			var before wire.Message
			if err := json.Unmarshal([]byte(c), &before); err != nil {
				t.Fatal(err)
			}
			app.host.Do(before)
		}
		stage.Wait(time.Second)
		if _, err := json.Marshal(app.host.Do(m)); err != nil {
			t.Fatal(err)
		}
		stage.Wait(time.Second)
	})
}
