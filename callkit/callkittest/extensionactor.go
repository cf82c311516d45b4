package callkittest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// Extension is the scripted code of the app's extensions. Its callbacks are of channel E, and the A lines under one
// are what it does.
type Extension struct{ *actor }

var (
	_ callkit.NotificationService                   = (*Extension)(nil)
	_ callkit.CallDirectoryProvider                 = (*Extension)(nil)
	_ callkit.CallDirectoryExtensionContextDelegate = (*Extension)(nil)
	_ callkit.StartCallHandler                      = (*Extension)(nil)
)

// inExtension is what the code of an extension has.
type inExtension struct {
	sys       callkit.Extension
	content   callkit.NotificationContent
	handler   func(callkit.NotificationContent)
	directory callkit.CallDirectoryExtensionContext
	intent    func(callkit.StartCallCode)
}

// DidReceive is part of [callkit.NotificationService]. Without lines, the push is shown as it came.
func (e *Extension) DidReceive(x callkit.Extension, r callkit.NotificationRequest, handler func(callkit.NotificationContent)) {
	e.ext = inExtension{sys: x, content: r.Content, handler: handler}
	e.mu.Lock()
	e.push = payload{}
	_ = json.Unmarshal(r.Content.UserInfo, &e.push) // whatever it carries besides
	e.mu.Unlock()
	e.on("E", "notificationService didReceive body="+strconv.Quote(r.Content.Body), "show")
}

// ServiceExtensionTimeWillExpire is part of [callkit.NotificationService].
func (e *Extension) ServiceExtensionTimeWillExpire() {
	e.on("E", "notificationService willExpire", "show")
}

// BeginRequest is part of [callkit.CallDirectoryProvider]. Without lines, it gives nothing.
func (e *Extension) BeginRequest(c callkit.CallDirectoryExtensionContext) {
	e.ext = inExtension{directory: c}
	c.SetDelegate(e)
	e.on("E", fmt.Sprintf("callDirectory beginRequest incremental=%v", c.IsIncremental()), "completeRequest")
}

// RequestFailed is part of [callkit.CallDirectoryExtensionContextDelegate].
func (e *Extension) RequestFailed(_ callkit.CallDirectoryExtensionContext, err error) {
	e.on("E", "callDirectory requestFailed "+short(err))
}

// HandleStartCall is part of [callkit.StartCallHandler]. Without lines it goes on in the app.
func (e *Extension) HandleStartCall(x callkit.Extension, i callkit.StartCallIntent, completion func(callkit.StartCallCode)) {
	e.ext = inExtension{sys: x, intent: completion}
	who := ""
	if len(i.Contacts) > 0 {
		who = i.Contacts[0].Handle.Value
	}
	e.on("E", "intents handleStartCall handle="+who, "respond 2")
}

// extensionStep carries out a line of an extension.
func (a *actor) extensionStep(words []string) error {
	x := a.ext
	arg := strings.Join(words[1:], " ")
	number := func() (callkit.CallDirectoryPhoneNumber, error) {
		n, err := strconv.ParseInt(strings.TrimPrefix(words[1], "+"), 10, 64)
		return callkit.CallDirectoryPhoneNumber(n), err
	}
	if strings.HasSuffix(words[0], "Entry") && len(words) < 2 {
		return fmt.Errorf("as in: A addBlockingEntry +15551234")
	}
	switch {
	case words[0] == "returns":
		return nil
	case words[0] == "show" && x.handler != nil:
		c := x.content
		if arg != "" {
			c.Body = arg
		}
		x.handler(c)
		return nil
	case words[0] == "showNothing" && x.handler != nil:
		x.handler(callkit.NotificationContent{})
		return nil
	case words[0] == "reportNewIncomingVoIPPushPayload" && x.sys != nil:
		return reportVoIPPush(a, x.sys, words[1:])
	case words[0] == "respond" && x.intent != nil:
		code, err := strconv.Atoi(arg)
		if err == nil {
			x.intent(callkit.StartCallCode(code))
		}
		return err
	case x.directory == nil:
		return fmt.Errorf("this extension can't %q", words[0])
	}
	d := x.directory
	switch words[0] {
	case "addBlockingEntry":
		n, err := number()
		if err == nil {
			d.AddBlockingEntry(n)
		}
		return err
	case "removeBlockingEntry":
		n, err := number()
		if err == nil {
			d.RemoveBlockingEntry(n)
		}
		return err
	case "addIdentificationEntry":
		n, err := number()
		if err == nil {
			d.AddIdentificationEntry(n, strings.Join(words[2:], " "))
		}
		return err
	case "removeAllBlockingEntries":
		d.RemoveAllBlockingEntries()
	case "completeRequest":
		d.CompleteRequest(func(expired bool) { a.on("E", fmt.Sprintf("callDirectory completed expired=%v", expired)) })
	default:
		return fmt.Errorf("this extension can't %q", words[0])
	}
	return nil
}

// reportVoIPPush is reportNewIncomingVoIPPushPayload, which only an extension may call.
func reportVoIPPush(a *actor, r callkit.VoIPPushReporter, args []string) error {
	_, p, _ := a.latest()
	if len(args) > 0 {
		var err error
		if p, _, err = readPayload(args); err != nil {
			return err
		}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	channel := "C"
	if a.ext.sys != nil {
		channel = "E"
	}
	r.ReportNewIncomingVoIPPushPayload(data, func(err error) { a.on(channel, "reportNewIncomingVoIPPushPayload completion "+short(err)) })
	return nil
}

// after runs f later, in the app or the extension.
func (a *actor) after(d time.Duration, f func()) {
	switch {
	case a.sys != nil:
		a.sys.AfterFunc(d, f)
	case a.ext.sys != nil:
		a.ext.sys.AfterFunc(d, f)
	}
}
