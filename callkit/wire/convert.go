package wire

import (
	"errors"
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/callkit"
)

// id reads a UUID of the other side. What is none becomes the zero UUID, which the system refuses in its own words.
func id(s string) callkit.UUID {
	u, err := callkit.ParseUUID(s)
	if err != nil {
		return callkit.UUID{}
	}
	return u
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func when(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func errorOf(err error) *Error {
	var e *callkit.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return &Error{e.Domain, e.Code, e.Text}
	}
	return &Error{Domain: callkit.ErrorDomain, Text: err.Error()}
}

func (e *Error) err() error {
	if e == nil {
		return nil
	}
	return &callkit.Error{Domain: e.Domain, Code: e.Code, Text: e.Text}
}

func actionOf(a callkit.Action) Action {
	w := Action{Call: a.Call().String(), Timeout: moment(a.TimeoutDate())}
	if !a.UUID().IsZero() {
		w.ID = a.UUID().String()
	}
	switch a := a.(type) {
	case *callkit.StartCallAction:
		w.Kind, w.Handle, w.Contact, w.Video = Start, a.Handle, a.ContactIdentifier, a.IsVideo
	case *callkit.AnswerCallAction:
		w.Kind = Answer
	case *callkit.EndCallAction:
		w.Kind = End
	case *callkit.SetHeldCallAction:
		w.Kind, w.On = SetHeld, a.OnHold
	case *callkit.SetMutedCallAction:
		w.Kind, w.On = SetMuted, a.Muted
	case *callkit.SetGroupCallAction:
		w.Kind = SetGroup
		if !a.GroupWith.IsZero() {
			w.GroupWith = a.GroupWith.String()
		}
	case *callkit.PlayDTMFCallAction:
		w.Kind, w.Digits, w.Tone = PlayDTMF, a.Digits, a.Type
	case *callkit.SetTranslatingCallAction:
		w.Kind, w.On, w.Local, w.Remote = SetTranslating, a.IsTranslating, a.LocalLanguage, a.RemoteLanguage
	}
	return w
}

// action is the action that w stands for, not bound to any system; nil with an error if no such kind is known.
func (w Action) action() (callkit.Action, error) {
	base := callkit.Base{CallUUID: id(w.Call)}
	switch w.Kind {
	case Start:
		return &callkit.StartCallAction{Base: base, Handle: w.Handle, ContactIdentifier: w.Contact, IsVideo: w.Video}, nil
	case Answer:
		return &callkit.AnswerCallAction{Base: base}, nil
	case End:
		return &callkit.EndCallAction{Base: base}, nil
	case SetHeld:
		return &callkit.SetHeldCallAction{Base: base, OnHold: w.On}, nil
	case SetMuted:
		return &callkit.SetMutedCallAction{Base: base, Muted: w.On}, nil
	case SetGroup:
		a := &callkit.SetGroupCallAction{Base: base}
		if w.GroupWith != "" {
			a.GroupWith = id(w.GroupWith)
		}
		return a, nil
	case PlayDTMF:
		return &callkit.PlayDTMFCallAction{Base: base, Digits: w.Digits, Type: w.Tone}, nil
	case SetTranslating:
		return &callkit.SetTranslatingCallAction{Base: base, IsTranslating: w.On, LocalLanguage: w.Local, RemoteLanguage: w.Remote}, nil
	}
	return nil, fmt.Errorf("wire: no action is of the kind %.40q (want Start, Answer, End, SetHeld, SetMuted, SetGroup, PlayDTMF, SetTranslating)", w.Kind)
}

func activityOf(u *callkit.UserActivity) *Activity {
	if u == nil {
		return nil
	}
	a := &Activity{}
	if u.Intent != nil {
		a = intentOf(*u.Intent)
	}
	a.Type, a.Handle = u.ActivityType, u.Handle
	return a
}

// intentOf is an activity without a type that has an intent.
func intentOf(i callkit.StartCallIntent) *Activity {
	a := &Activity{
		Intent: true, Video: i.CallCapability, DestinationType: int(i.DestinationType), AudioRoute: int(i.AudioRoute),
		Contacts: contactsOf(i.Contacts),
	}
	if r := i.CallRecordToCallBack; r != nil {
		a.Record = &CallRecord{
			Identifier: r.Identifier, Date: moment(r.DateCreated), Caller: Contact{r.Caller.Handle, r.Caller.DisplayName},
			Type: int(r.RecordType), Capability: int(r.CallCapability), Duration: int64(r.CallDuration),
		}
	}
	return a
}

func (a *Activity) activity() *callkit.UserActivity {
	if a == nil {
		return nil
	}
	u := &callkit.UserActivity{ActivityType: a.Type, Handle: a.Handle}
	if a.Intent {
		i := a.intent()
		u.Intent = &i
	}
	return u
}

func (a *Activity) intent() callkit.StartCallIntent {
	i := callkit.StartCallIntent{
		CallCapability: a.Video, DestinationType: callkit.DestinationType(a.DestinationType),
		AudioRoute: callkit.CallAudioRoute(a.AudioRoute), Contacts: people(a.Contacts),
	}
	if r := a.Record; r != nil {
		i.CallRecordToCallBack = &callkit.CallRecord{
			Identifier: r.Identifier, DateCreated: when(r.Date), Caller: callkit.Person{Handle: r.Caller.Handle, DisplayName: r.Caller.Name},
			RecordType: callkit.CallRecordType(r.Type), CallCapability: callkit.CallCapability(r.Capability), CallDuration: time.Duration(r.Duration),
		}
	}
	return i
}

func contactsOf(all []callkit.Person) (out []Contact) {
	for _, p := range all {
		out = append(out, Contact{p.Handle, p.DisplayName})
	}
	return out
}

func people(all []Contact) (out []callkit.Person) {
	for _, c := range all {
		out = append(out, callkit.Person{Handle: c.Handle, DisplayName: c.Name})
	}
	return out
}

func callOf(c callkit.Call) Call {
	return Call{c.UUID.String(), c.IsOutgoing, c.IsOnHold, c.HasConnected, c.HasEnded}
}

func (c Call) call() callkit.Call {
	return callkit.Call{UUID: id(c.UUID), IsOutgoing: c.IsOutgoing, IsOnHold: c.IsOnHold, HasConnected: c.HasConnected, HasEnded: c.HasEnded}
}
