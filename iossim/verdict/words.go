package verdict

import (
	"strings"

	"github.com/ringtrip/ringtrip/iossim"
)

// kinds are what LiveCommunicationKit calls an action, and what CallKit calls it.
var kinds = map[string]string{
	"Join": "Answer", "Mute": "SetMuted", "Pause": "SetHeld", "PlayTone": "DTMF", "Merge": "SetGroup", "Unmerge": "SetGroup",
}

// words are the text of a log entry in CallKit's words: an app may speak LiveCommunicationKit's, of the same calls.
func words(e iossim.Entry) string {
	verb, rest, _ := strings.Cut(e.Text, " ")
	switch {
	case verb == "fulfill" || verb == "fail" || verb == "timedOutPerforming":
		kind, args, _ := strings.Cut(rest, " ")
		if k := kinds[kind]; k != "" {
			return verb + " " + k + " " + args
		}
	case verb == "perform" && e.Channel == iossim.ChanApp:
		return "request " + rest
	case verb == "perform":
		kind, args, _ := strings.Cut(rest, " ")
		if k := kinds[kind]; k != "" {
			kind = k
		}
		return "perform" + kind + " " + args
	case verb == "reportNewIncomingConversation":
		return "reportNewIncomingCall " + strings.NewReplacer(`members=[""]`, `handle=""`, "members=[]", `handle=""`, "members=[", "handle=").Replace(rest)
	case strings.HasPrefix(verb, "conversationManager."):
		return "provider." + strings.TrimPrefix(e.Text, "conversationManager.")
	}
	return e.Text
}
