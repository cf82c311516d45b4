package server_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ringtrip/ringtrip/server/auth"
	"github.com/ringtrip/ringtrip/signaling"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// deeds are all methods, each as a request about call id by device.
var deeds = map[string]func(w *world, token, id, device string) error{
	"RegisterDevice": func(w *world, token, _, device string) error {
		_, err := w.as(token).RegisterDevice(context.Background(), connect.NewRequest(&v1.RegisterDeviceRequest{DeviceId: device, VoipToken: voip(2), BundleId: bundle}))
		return err
	},
	"UnregisterDevice": func(w *world, token, _, device string) error {
		_, err := w.as(token).UnregisterDevice(context.Background(), connect.NewRequest(&v1.UnregisterDeviceRequest{DeviceId: device}))
		return err
	},
	"Events": func(w *world, token, _, device string) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		in, err := w.as(token).Events(ctx, connect.NewRequest(&v1.EventsRequest{DeviceId: device}))
		if err != nil {
			return err
		}
		defer in.Close()
		if in.Receive() {
			return nil
		}
		return in.Err()
	},
	"Start": func(w *world, token, _, device string) error {
		_, err := w.as(token).Start(context.Background(), connect.NewRequest(&v1.StartRequest{DeviceId: device, Callee: "carol"}))
		return err
	},
	"GetSealKeys": func(w *world, token, _, device string) error {
		_, err := w.as(token).GetSealKeys(context.Background(), connect.NewRequest(&v1.GetSealKeysRequest{DeviceId: device, Callee: "carol"}))
		return err
	},
	"Ack": func(w *world, token, id, device string) error {
		return errOf((&phone{w: w, token: token, device: device}).ack(id))
	},
	"Answer": func(w *world, token, id, device string) error {
		return errOf((&phone{w: w, token: token, device: device}).answer(id))
	},
	"Decline": func(w *world, token, id, device string) error {
		return errOf((&phone{w: w, token: token, device: device}).decline(id, 0, true))
	},
	"Cancel": func(w *world, token, id, device string) error {
		return errOf((&phone{w: w, token: token, device: device}).cancel(id))
	},
	"End": func(w *world, token, id, device string) error {
		return errOf((&phone{w: w, token: token, device: device}).end(id, 0))
	},
	"Hold": func(w *world, token, id, device string) error {
		return errOf((&phone{w: w, token: token, device: device}).hold(id, true))
	},
	"SendMedia": func(w *world, token, id, device string) error {
		to := ""
		if device == "a1" {
			to = "b1"
		}
		return (&phone{w: w, token: token, device: device}).send(id, to, v1.MediaKind_MEDIA_KIND_OFFER, "v=0")
	},
	"GetCall": func(w *world, token, id, device string) error {
		return errOf((&phone{w: w, token: token, device: device}).get(id))
	},
	"GetCredentials": func(w *world, token, id, device string) error {
		_, err := w.as(token).GetCredentials(context.Background(), connect.NewRequest(&v1.GetCredentialsRequest{CallId: id, DeviceId: device}))
		return err
	},
	"ListHistory": func(w *world, token, _, _ string) error {
		_, err := w.as(token).ListHistory(context.Background(), connect.NewRequest(&v1.ListHistoryRequest{}))
		return err
	},
	"Move": func(w *world, token, id, device string) error {
		_, err := w.as(token).Move(context.Background(), connect.NewRequest(&v1.MoveRequest{CallId: id, DeviceId: device}))
		return err
	},
	"ListLive": func(w *world, token, _, _ string) error {
		_, err := w.as(token).ListLive(context.Background(), connect.NewRequest(&v1.ListLiveRequest{}))
		return err
	},
	"OfferMove": func(w *world, token, id, device string) error {
		return errOf((&phone{w: w, token: token, device: device}).offerMove(id, "b7"))
	},
	"WithdrawMove": func(w *world, token, id, device string) error {
		_, err := w.as(token).WithdrawMove(context.Background(), connect.NewRequest(&v1.WithdrawMoveRequest{CallId: id, DeviceId: device}))
		return err
	},
	"JoinGroup": func(w *world, token, id, device string) error {
		_, err := w.as(token).JoinGroup(context.Background(), connect.NewRequest(&v1.JoinGroupRequest{Group: id, DeviceId: device}))
		return err
	},
	"LeaveGroup": func(w *world, token, id, device string) error {
		_, err := w.as(token).LeaveGroup(context.Background(), connect.NewRequest(&v1.LeaveGroupRequest{Group: id, DeviceId: device}))
		return err
	},
	"GetGroup": func(w *world, token, id, _ string) error {
		_, err := w.as(token).GetGroup(context.Background(), connect.NewRequest(&v1.GetGroupRequest{Group: id}))
		return err
	},
	"Block": func(w *world, token, _, _ string) error {
		_, err := w.as(token).Block(context.Background(), connect.NewRequest(&v1.BlockRequest{UserId: "trudy"}))
		return err
	},
	"Unblock": func(w *world, token, _, _ string) error {
		_, err := w.as(token).Unblock(context.Background(), connect.NewRequest(&v1.UnblockRequest{UserId: "trudy"}))
		return err
	},
	"ListBlocked": func(w *world, token, _, _ string) error {
		_, err := w.as(token).ListBlocked(context.Background(), connect.NewRequest(&v1.ListBlockedRequest{}))
		return err
	},
	"SetQuietHours": func(w *world, token, _, _ string) error {
		_, err := w.as(token).SetQuietHours(context.Background(), connect.NewRequest(&v1.SetQuietHoursRequest{}))
		return err
	},
	"GetQuietHours": func(w *world, token, _, _ string) error {
		_, err := w.as(token).GetQuietHours(context.Background(), connect.NewRequest(&v1.GetQuietHoursRequest{}))
		return err
	},
	"SetPriorities": func(w *world, token, _, _ string) error {
		_, err := w.as(token).SetPriorities(context.Background(), connect.NewRequest(&v1.SetPrioritiesRequest{}))
		return err
	},
	"GetPriorities": func(w *world, token, _, _ string) error {
		_, err := w.as(token).GetPriorities(context.Background(), connect.NewRequest(&v1.GetPrioritiesRequest{}))
		return err
	},
	"GetLedger": func(w *world, token, id, _ string) error {
		_, err := opsAs(w, token).GetLedger(context.Background(), connect.NewRequest(&v1.GetLedgerRequest{CallId: id}))
		return err
	},
	"ListCalls": func(w *world, token, _, _ string) error {
		_, err := opsAs(w, token).ListCalls(context.Background(), connect.NewRequest(&v1.ListCallsRequest{}))
		return err
	},
	"EndCall": func(w *world, token, id, _ string) error {
		_, err := opsAs(w, token).EndCall(context.Background(), connect.NewRequest(&v1.EndCallRequest{CallId: id}))
		return err
	},
	"ListWebhooks": func(w *world, token, _, _ string) error {
		_, err := opsAs(w, token).ListWebhooks(context.Background(), connect.NewRequest(&v1.ListWebhooksRequest{}))
		return err
	},
	"TestWebhook": func(w *world, token, _, _ string) error {
		_, err := opsAs(w, token).TestWebhook(context.Background(), connect.NewRequest(&v1.TestWebhookRequest{Endpoint: "none"}))
		return err
	},
	"EnableWebhook": func(w *world, token, _, _ string) error {
		_, err := opsAs(w, token).EnableWebhook(context.Background(), connect.NewRequest(&v1.EnableWebhookRequest{Endpoint: "none"}))
		return err
	},
	"ListDeadWebhooks": func(w *world, token, _, _ string) error {
		_, err := opsAs(w, token).ListDeadWebhooks(context.Background(), connect.NewRequest(&v1.ListDeadWebhooksRequest{}))
		return err
	},
	"ReplayWebhooks": func(w *world, token, _, _ string) error {
		_, err := opsAs(w, token).ReplayWebhooks(context.Background(), connect.NewRequest(&v1.ReplayWebhooksRequest{Endpoint: "none"}))
		return err
	},
}

func opsAs(w *world, token string) ringtripv1connect.OpsServiceClient {
	return ringtripv1connect.NewOpsServiceClient(w.client, "http://ringtrip.test", connect.WithInterceptors(bearer(token)))
}

// Who may do what: each token tries each method on a ringing call, each time on a fresh one. A word in a row is the
// CallProblem's code, "-" is success.
func TestWhoMayDoWhat(t *testing.T) {
	const (
		none, expired, forged, own, caller, pad, stranger, action, opsToken, other = "no token", "expired", "forged", "callee", "caller", "callee's unregistered device", "stranger",
			"action", "ops", "other app"
		bound, boundElse, nobody, backend, foreign, admin, otherOps = "callee's device token", "token of callee's other device", "backend for nobody", "backend for callee",
			"backend for stranger", "admin for callee", "other app's ops"
	)
	type row map[string]string
	refused := func(slug string) row {
		r := row{}
		for name := range deeds {
			r[name] = slug
		}
		return r
	}
	but := func(r row, changes row) row {
		for k, v := range changes {
			r[k] = v
		}
		return r
	}
	userOnly := row{"GetLedger": "wrong_scope", "ListCalls": "wrong_scope", "EndCall": "wrong_scope", "ListWebhooks": "wrong_scope", "TestWebhook": "wrong_scope",
		"EnableWebhook": "wrong_scope", "ListDeadWebhooks": "wrong_scope", "ReplayWebhooks": "wrong_scope"}
	mine := row{"ListLive": "-", "Block": "-", "Unblock": "-", "ListBlocked": "-", "SetQuietHours": "-", "GetQuietHours": "-", "SetPriorities": "-", "GetPriorities": "-",
		"GetGroup": "unknown_group", "ListHistory": "-"}
	// What only a device can say, a backend can't in its user's name.
	notBackend := row{}
	for _, name := range []string{"RegisterDevice", "Events", "Ack", "Answer", "Decline", "Hold", "SendMedia", "Move", "OfferMove", "WithdrawMove", "GetCredentials"} {
		notBackend[name] = "wrong_scope"
	}
	table := map[string]row{
		none:    refused("token_missing"),
		expired: refused("token_expired"),
		forged:  refused("token_bad_signature"),
		own: but(but(refused("-"), userOnly), row{"Cancel": "wrong_role", "Hold": "not_answered", "Move": "not_answered", "GetGroup": "unknown_group",
			"OfferMove": "unknown_device", "WithdrawMove": "not_answered", "JoinGroup": "unknown_group"}),
		caller: but(but(refused("-"), userOnly), row{"Answer": "wrong_role", "Decline": "wrong_role", "Hold": "not_answered", "Move": "not_answered", "GetGroup": "unknown_group",
			"OfferMove": "unknown_device", "WithdrawMove": "not_answered", "JoinGroup": "unknown_group"}),
		// bob's other device has no part in the call until it is registered and opens its stream.
		pad: but(but(but(refused("not_this_device"), userOnly), mine), row{"RegisterDevice": "-", "UnregisterDevice": "-", "Events": "unknown_device", "Start": "unknown_device",
			"Move": "unknown_device", "GetSealKeys": "unknown_device", "OfferMove": "unknown_device", "JoinGroup": "unknown_device", "LeaveGroup": "unknown_device"}),
		stranger: but(but(but(refused("unknown_call"), userOnly), mine), row{"RegisterDevice": "not_your_device", "UnregisterDevice": "not_your_device", "Events": "not_your_device",
			"Start": "not_your_device", "Move": "not_your_device", "GetSealKeys": "not_your_device", "OfferMove": "unknown_device", "JoinGroup": "not_your_device", "LeaveGroup": "not_your_device"}),
		action: but(refused("wrong_scope"), row{"Ack": "-", "Answer": "-", "Decline": "-", "SendMedia": "-", "GetCall": "-", "GetCredentials": "-"}),
		opsToken: but(refused("wrong_scope"), row{"GetLedger": "-", "ListCalls": "-", "EndCall": "-", "ListWebhooks": "-", "ListDeadWebhooks": "-",
			"TestWebhook": "unknown_endpoint", "EnableWebhook": "unknown_endpoint", "ReplayWebhooks": "unknown_endpoint"}),
		other: but(but(but(refused("unknown_call"), userOnly), mine), row{"RegisterDevice": "-", "UnregisterDevice": "-", "Events": "unknown_device", "Start": "unknown_device",
			"Move": "unknown_device", "GetSealKeys": "unknown_device", "OfferMove": "unknown_device", "JoinGroup": "unknown_device", "LeaveGroup": "unknown_device"}),
		bound: but(but(refused("-"), userOnly), row{"Cancel": "wrong_role", "Hold": "not_answered", "Move": "not_answered", "GetGroup": "unknown_group",
			"OfferMove": "unknown_device", "WithdrawMove": "not_answered", "JoinGroup": "unknown_group"}),
		boundElse: but(but(but(refused("wrong_device"), userOnly), mine), row{}),
		nobody: but(but(refused("invalid_argument"), notBackend), row{"GetLedger": "-", "ListCalls": "-", "EndCall": "wrong_scope", "ListWebhooks": "-", "ListDeadWebhooks": "-",
			"TestWebhook": "wrong_scope", "EnableWebhook": "wrong_scope", "ReplayWebhooks": "wrong_scope"}),
		backend: but(but(refused("-"), notBackend), row{"Cancel": "wrong_role", "GetGroup": "unknown_group", "JoinGroup": "unknown_group",
			"EndCall": "wrong_scope", "TestWebhook": "wrong_scope", "EnableWebhook": "wrong_scope", "ReplayWebhooks": "wrong_scope"}),
		foreign: but(but(but(refused("unknown_call"), mine), notBackend), row{"UnregisterDevice": "not_your_device", "Start": "not_your_device", "GetSealKeys": "not_your_device",
			"JoinGroup": "not_your_device", "LeaveGroup": "not_your_device", "GetLedger": "-", "ListCalls": "-", "ListWebhooks": "-", "ListDeadWebhooks": "-",
			"EndCall": "wrong_scope", "TestWebhook": "wrong_scope", "EnableWebhook": "wrong_scope", "ReplayWebhooks": "wrong_scope"}),
		admin: but(but(refused("-"), notBackend), row{"Cancel": "wrong_role", "GetGroup": "unknown_group", "JoinGroup": "unknown_group",
			"TestWebhook": "unknown_endpoint", "EnableWebhook": "unknown_endpoint", "ReplayWebhooks": "unknown_endpoint"}),
		otherOps: but(refused("wrong_scope"), row{"GetLedger": "unknown_call", "ListCalls": "-", "EndCall": "unknown_call", "ListWebhooks": "-", "ListDeadWebhooks": "-",
			"TestWebhook": "unknown_endpoint", "EnableWebhook": "unknown_endpoint", "ReplayWebhooks": "unknown_endpoint"}),
	}
	device := map[string]string{caller: "a1", pad: "b9"}
	inBubble(t, nil, func(t *testing.T, w *world) {
		for _, service := range []string{"PhoneService", "OpsService"} {
			methods := v1.File_ringtrip_v1_ringtrip_proto.Services().ByName(protoreflect.Name(service)).Methods()
			for i := range methods.Len() {
				if name := string(methods.Get(i).Name()); deeds[name] == nil {
					t.Errorf("%s.%s is tried by nobody", service, name)
				}
			}
		}
		for who, row := range table {
			for name, want := range row {
				a := w.phone("alice", "a1", "")
				w.phone("bob", "b1", voip(2))
				w.phone("carol", "c1", voip(9))
				id := a.call("bob").Id
				said := must(signaling.ParsePush((<-w.apns.sent).Payload))
				tokens := map[string]string{
					none: "", expired: mint(auth.Claims{App: app, User: "bob", Expires: time.Now().Add(-3 * time.Minute)}),
					forged: must(auth.Mint(must(auth.HS256("", []byte(strings.Repeat("x", 32)))), auth.Claims{App: app, User: "bob", Expires: time.Now().Add(time.Hour)})),
					own:    token("bob"), caller: token("alice"), pad: token("bob"), stranger: token("mallory"), action: said.Token,
					bound:     mint(auth.Claims{App: app, User: "bob", Scope: auth.Device, Device: "b1"}),
					boundElse: mint(auth.Claims{App: app, User: "bob", Scope: auth.Device, Device: "b9"}),
					nobody:    mint(auth.Claims{App: app, Scope: auth.Backend}),
					backend:   mint(auth.Claims{App: app, Scope: auth.Backend}) + " for bob",
					foreign:   mint(auth.Claims{App: app, Scope: auth.Backend}) + " for mallory",
					admin:     mint(auth.Claims{App: app, Scope: auth.Admin}) + " for bob",
					otherOps: must(auth.Mint(must(auth.HS256("", []byte("the other app's secret, 32 bytes and more"))),
						auth.Claims{App: "other", Scope: auth.Ops, Expires: time.Now().Add(time.Hour)})),
					opsToken: mint(auth.Claims{App: app, Scope: auth.Ops}),
					other: must(auth.Mint(must(auth.HS256("", []byte("the other app's secret, 32 bytes and more"))),
						auth.Claims{App: "other", User: "bob", Expires: time.Now().Add(time.Hour)})),
				}
				dev := device[who]
				if dev == "" {
					dev = "b1"
				}
				err := deeds[name](w, tokens[who], id, dev)
				if got := problemOf(err).GetCode(); want == "-" && err != nil || want != "-" && got != want {
					t.Errorf("%s: %s gave %v (%s), want %s", who, name, err, got, want)
				}
				if err != nil && connect.CodeOf(err) == connect.CodeUnknown {
					t.Errorf("%s: %s gave an error without a code: %v", who, name, err)
				}
				for device, token := range map[string]string{"b9": token("bob"), "b1": tokens[other]} { // leave nothing for the next
					_, _ = w.as(token).UnregisterDevice(context.Background(), connect.NewRequest(&v1.UnregisterDeviceRequest{DeviceId: device}))
				}
				if _, err := w.ops().EndCall(context.Background(), connect.NewRequest(&v1.EndCallRequest{CallId: id})); err != nil && problemOf(err).GetCode() != "already_ended" {
					t.Fatal(err)
				}
				for len(w.apns.sent) > 0 {
					<-w.apns.sent
				}
			}
		}
	})
}

// An action token is for one call on one device, for as long as the ring lasts.
func TestActionToken(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a, b := w.phone("alice", "a1", ""), w.phone("bob", "b1", voip(2))
		w.phone("bob", "b2", "")
		id := a.call("bob").Id
		b.token = must(signaling.ParsePush((<-w.apns.sent).Payload)).Token
		second := a.call("bob").Id
		wantProblem(t, "another call", errOf(b.answer(second)), connect.CodePermissionDenied, "wrong_call")
		other := *b
		other.device = "b2"
		wantProblem(t, "another device", errOf(other.answer(id)), connect.CodePermissionDenied, "wrong_device")
		nameless := *b
		nameless.device = ""
		if got, err := nameless.get(id); err != nil || got.Legs[0].DeviceId != "b1" {
			t.Errorf("the token's own device: %v, %v", got, err)
		}
		time.Sleep(46 * time.Second)
		if got, err := b.get(id); err != nil || got.Reason != v1.EndReason_END_REASON_UNANSWERED {
			t.Errorf("after the ring the token is told %v, %v", got, err)
		}
		time.Sleep(2 * time.Minute)
		wantProblem(t, "much later", errOf(b.get(id)), connect.CodeUnauthenticated, "token_expired")
	})
}

// A token of an action secret is refused elsewhere: action tokens of the app's own key are no action tokens.
func TestAppCannotMintActionTokens(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.phone("alice", "a1", "")
		w.phone("bob", "b1", voip(2))
		id := a.call("bob").Id
		p := &phone{w: w, user: "bob", device: "b1", token: mint(auth.Claims{App: app, User: "bob", Scope: auth.Action, Call: id, Device: "b1"})}
		wantProblem(t, "answer", errOf(p.answer(id)), connect.CodeUnauthenticated, "token_bad_signature")
	})
}
