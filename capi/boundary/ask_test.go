package boundary

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/ringtrip/ringtrip/callkit"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// TestQuestionsComeOver: what the server must be asked for comes over as an Out with the request's ticket.
func TestQuestionsComeOver(t *testing.T) {
	b := unbox(t)
	call := b.push(t, 1)
	group := callkit.UUID{0: 2, 6: 0x70, 8: 0x80}.String()
	at := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	answers := []struct {
		r    Request
		res  signaling.Result
		want Done
	}{
		{Request{Verb: Members, Group: group}, signaling.Result{Answer: &v1.GetGroupResponse{Members: []*v1.Member{
			{User: &v1.Party{UserId: "bob", Name: "Bob", Handle: "b"}, State: v1.CallState_CALL_STATE_ENDED, Reason: v1.EndReason_END_REASON_DECLINED, CallId: "c"},
			{User: &v1.Party{UserId: "carol"}, State: v1.CallState_CALL_STATE_ANSWERED, DeviceId: "carol-1"},
		}}}, Done{Members: []Member{
			{User: "bob", Name: "Bob", Handle: "b", State: "ended", Reason: "declined", Call: "c"}, {User: "carol", State: "answered", Device: "carol-1"},
		}}},
		{Request{Verb: LiveCalls}, signaling.Result{Answer: &v1.ListLiveResponse{Calls: []*v1.LiveCall{{DeviceId: "d", DeviceName: "iPad", Call: &v1.Call{
			Id: "c", Role: v1.Role_ROLE_CALLER, Callee: &v1.Party{Name: "Bob", Handle: "bob@example.com"}, Video: true, Group: group, AnsweredAt: timestamppb.New(at),
		}}}}}, Done{Live: []Live{{Call: "c", Device: "d", DeviceName: "iPad", Name: "Bob", Handle: callkit.Handle{Type: callkit.EmailAddress, Value: "bob@example.com"}, Video: true, GroupCall: group, AnsweredAt: &at}}}},
		{Request{Verb: Credentials, Call: call.String()}, signaling.Result{Answer: &v1.GetCredentialsResponse{Carrier: "livekit", MediaCredentials: []byte("{}"), MediaUntil: timestamppb.New(at)}},
			Done{Credentials: &Credential{Carrier: "livekit", Data: []byte("{}"), Until: &at}}},
		{Request{Verb: Members, Group: group}, signaling.Result{Err: errors.New("it is over"), Problem: "unknown_group"}, Done{Code: "unknown_group", Error: "phone: it is over"}},
		{Request{Verb: LiveCalls}, signaling.Result{Err: errors.New("no network")}, Done{Code: "failed", Error: "phone: no network"}},
	}
	for i, one := range answers {
		b.line.answer = func() signaling.Result { return one.res }
		one.r.Ticket, one.want.Ticket = int64(i+1), int64(i+1)
		if a := b.shell.tell(In{Request: &one.r}); a.Error != "" {
			t.Fatalf("%s: %s", one.r.Verb, a.Error)
		}
		b.w.Run(time.Second)
		if len(b.shell.done) != i+1 || !same(t, b.shell.done[i], one.want) {
			t.Errorf("%s: %+v, want %+v", one.r.Verb, b.shell.done[i:], one.want)
		}
	}
	for _, r := range []Request{{Verb: Members}, {Verb: Invite, Group: group, Callee: "eve"}, {Verb: Credentials, Call: group}, {Verb: Credentials}, {Verb: MoveCall}, {Verb: JoinGroup}} {
		if a := b.shell.tell(In{Request: &r}); a.Error == "" {
			t.Errorf("%+v was done", r)
		}
	}
	if a := b.shell.tell(In{Request: &Request{Verb: StartGroup, Callees: []string{"bob"}}}); a.Code != "bad_callees" {
		t.Errorf("a group of one: %+v", a)
	}
}

// same compares as JSON does, in which times have no place.
func same(t *testing.T, a, b Done) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return string(x) == string(y)
}

// TestGroupComesOver: the app hears who comes and goes in a group.
func TestGroupComesOver(t *testing.T) {
	b := unbox(t)
	b.push(t, 1)
	b.line.handler.(signaling.GroupHandler).Group(&v1.GroupChanged{Group: "g", Member: &v1.Member{User: &v1.Party{UserId: "bob"}, State: v1.CallState_CALL_STATE_RINGING}})
	b.w.Run(time.Second)
	if want := (Group{Group: "g", Member: Member{User: "bob", State: "ringing"}}); len(b.shell.groups) != 1 || b.shell.groups[0] != want {
		t.Errorf("it heard %+v", b.shell.groups)
	}
}

// TestSealedCallers: the key is the app's, and is asked for when a sealed push comes. Without it the call rings all the same.
func TestSealedCallers(t *testing.T) {
	key, err := signaling.NewSealKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		key  Answer
		want string
	}{
		"with the key": {Answer{Key: key.Bytes()}, "Alice"}, "before the first unlock": {Answer{Error: "locked"}, "Somebody"},
		"no answer": {Answer{}, "Somebody"}, "another key": {Answer{Key: make([]byte, 32)}, "Somebody"}, "no key at all": {Answer{Key: []byte("x")}, "Somebody"},
	} {
		t.Run(name, func(t *testing.T) {
			b := unboxWith(t, func(c *Config) { c.Seals, c.SealedName = true, "Somebody" })
			b.key = one.key
			id := callkit.UUID{0: 1, 6: 0x70, 8: 0x80, 15: 1}
			sealed, err := signaling.Seal(key.Public(), id, "dev", signaling.Caller{Name: "Alice", Handle: "alice", HandleType: callkit.Generic})
			if err != nil {
				t.Fatal(err)
			}
			payload, err := signaling.Payload{CallID: id, SentAt: b.w.Now().UnixMilli(), ExpiresAt: b.w.Now().Add(45 * time.Second).UnixMilli(), Token: "tok",
				Sealed: base64.StdEncoding.EncodeToString(sealed)}.MarshalPush()
			if err != nil {
				t.Fatal(err)
			}
			b.phone.DeliverPush(bundle, payload)
			b.w.Run(time.Second)
			if s := b.phone.Screen(); !s.Ringing() || s.Call.Caller != one.want {
				t.Errorf("it shows %+v, want %s", s.Call, one.want)
			}
			if slices.ContainsFunc(b.shell.logged, func(l string) bool {
				return strings.Contains(l, "Alice") || strings.Contains(l, base64.StdEncoding.EncodeToString(key.Bytes()))
			}) {
				t.Errorf("the log tells: %q", b.shell.logged)
			}
		})
	}
}
