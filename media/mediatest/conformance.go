package mediatest

import "github.com/ringtrip/ringtrip/media"

var kinds = map[media.EventKind]string{
	media.Connected: "Connected", media.Disconnected: "Disconnected", media.Failed: "Failed",
	media.FirstMedia: "FirstMedia", media.DTMF: "DTMF",
}
