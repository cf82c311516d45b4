package iossim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/callkit"
)

// audioOption says where a category option may stand (AVAudioSessionTypes.h).
type audioOption struct {
	bit          callkit.AudioOptions
	name         string
	categories   []callkit.AudioCategory
	major, minor int // since
}

var outputOnly = []callkit.AudioCategory{callkit.Ambient, callkit.SoloAmbient, callkit.Playback}

var audioOptions = []audioOption{
	{callkit.MixWithOthers, "mixWithOthers", []callkit.AudioCategory{callkit.PlayAndRecord, callkit.Playback, callkit.MultiRoute}, 0, 0},
	{callkit.DuckOthers, "duckOthers", []callkit.AudioCategory{callkit.Ambient, callkit.PlayAndRecord, callkit.Playback, callkit.MultiRoute}, 0, 0},
	{callkit.AllowBluetoothHFP, "allowBluetoothHFP", []callkit.AudioCategory{callkit.PlayAndRecord, callkit.Record, callkit.MultiRoute}, 0, 0},
	{callkit.DefaultToSpeaker, "defaultToSpeaker", []callkit.AudioCategory{callkit.PlayAndRecord}, 0, 0},
	{callkit.InterruptSpokenAudioAndMixWithOthers &^ callkit.MixWithOthers, "interruptSpokenAudio", []callkit.AudioCategory{callkit.PlayAndRecord, callkit.Playback, callkit.MultiRoute}, 0, 0},
	// A2DP and AirPlay go with output-only categories anyway; saying so is no error.
	{callkit.AllowBluetoothA2DP, "allowBluetoothA2DP", append([]callkit.AudioCategory{callkit.PlayAndRecord}, outputOnly...), 0, 0},
	{callkit.AllowAirPlay, "allowAirPlay", append([]callkit.AudioCategory{callkit.PlayAndRecord}, outputOnly...), 0, 0},
	{callkit.OverrideMutedMicrophoneInterruption, "overrideMutedMicrophoneInterruption", []callkit.AudioCategory{callkit.PlayAndRecord, callkit.Record, callkit.MultiRoute}, 14, 5},
	{callkit.FarFieldInput, "farFieldInput", []callkit.AudioCategory{callkit.PlayAndRecord, callkit.Record, callkit.MultiRoute}, 26, 2},
	{callkit.BluetoothHighQualityRecording, "bluetoothHighQualityRecording", []callkit.AudioCategory{callkit.PlayAndRecord}, 26, 0},
}

// badConfiguration says why a session can't be set up so, empty if it can.
func badConfiguration(os Version, c callkit.AudioCategory, m callkit.AudioMode, p callkit.RouteSharingPolicy, o callkit.AudioOptions) string {
	if !slices.Contains(callkit.AudioCategories, c) {
		return fmt.Sprintf("there is no category %.40q", string(c))
	}
	if !slices.Contains(callkit.AudioModes, m) || !modeSince(m, os) {
		return fmt.Sprintf("iOS %s has no mode %.40q", os, string(m))
	}
	if !modeFits(c, m, p, o) {
		return fmt.Sprintf("the mode %s does not go with the category %s", m, c)
	}
	switch p {
	case callkit.RouteSharingDefault:
	case callkit.RouteSharingLongFormAudio, callkit.RouteSharingLongFormVideo:
		if c != callkit.Playback {
			return "long-form route sharing is for the category Playback"
		}
	default:
		return "an app can't set this route sharing policy"
	}
	left := o
	for _, d := range audioOptions {
		left &^= d.bit
		if o&d.bit == 0 {
			continue
		}
		if !os.AtLeast(d.major, d.minor) {
			return fmt.Sprintf("iOS %s has no option %s", os, d.name)
		}
		if !slices.Contains(d.categories, c) {
			return fmt.Sprintf("the option %s does not go with the category %s", d.name, c)
		}
	}
	switch {
	case left != 0:
		return fmt.Sprintf("there is no category option %d", uint(left))
	case o.Has(callkit.FarFieldInput) && !o.Has(callkit.AllowBluetoothHFP):
		return "farFieldInput needs allowBluetoothHFP"
	case o.Has(callkit.BluetoothHighQualityRecording) && m != callkit.ModeDefault:
		return "bluetoothHighQualityRecording goes with the default mode only"
	case c == callkit.MultiRoute && o.Has(callkit.AllowBluetoothHFP) && m != callkit.DualRoute:
		return "the option allowBluetoothHFP does not go with the category MultiRoute"
	}
	return ""
}

func modeFits(c callkit.AudioCategory, m callkit.AudioMode, p callkit.RouteSharingPolicy, o callkit.AudioOptions) bool {
	switch m {
	case callkit.VoiceChat, callkit.VideoChat, callkit.GameChat:
		return c == callkit.PlayAndRecord
	case callkit.VideoRecording:
		return c == callkit.PlayAndRecord || c == callkit.Record
	case callkit.MoviePlayback:
		return c == callkit.Playback
	case callkit.ShortFormVideo:
		return c == callkit.Playback && p == callkit.RouteSharingDefault
	case callkit.DualRoute:
		return c == callkit.MultiRoute && o.Has(callkit.AllowBluetoothHFP)
	case callkit.ModeDefault, callkit.Measurement, callkit.SpokenAudio, callkit.VoicePrompt:
	}
	return true
}

func modeSince(m callkit.AudioMode, os Version) bool {
	switch m {
	case callkit.ShortFormVideo:
		return os.AtLeast(26, 0)
	case callkit.DualRoute:
		return os.AtLeast(26, 2)
	}
	return true
}

// optionWords are options for the log, nothing for none.
func optionWords(o callkit.AudioOptions) string {
	var b strings.Builder
	for _, d := range audioOptions {
		if o&d.bit != 0 {
			b.WriteString(" " + d.name)
		}
	}
	return b.String()
}
