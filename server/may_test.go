package server

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

var update = flag.Bool("update", false, "write the table of docs/security.md anew")

const securityDoc = "../docs/security.md"

// methods calls f with every method of the wire.
func methods(f func(procedure string, m protoreflect.MethodDescriptor)) {
	services := v1.File_ringtrip_v1_ringtrip_proto.Services()
	for i := range services.Len() {
		for j := range services.Get(i).Methods().Len() {
			m := services.Get(i).Methods().Get(j)
			f("/"+string(services.Get(i).FullName())+"/"+string(m.Name()), m)
		}
	}
}

// doorman is a gate with a key for every scope.
func doorman(t *testing.T) (*gate, func(auth.Scope) http.Header) {
	t.Helper()
	key, err := auth.HS256("", []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.NewVerifier(nil, auth.App{ID: "shop", Keys: []auth.Key{key}})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{verifier: v, now: time.Now}
	s.byAddress, s.byUser = newPaces(Pace{}, time.Now), newPaces(Pace{}, time.Now)
	return newGate(s), func(scope auth.Scope) http.Header {
		c := auth.Claims{App: "shop", User: "bob", Scope: scope, Expires: time.Now().Add(time.Hour)}
		switch scope {
		case auth.Device:
			c.Device = "b1"
		case auth.Action:
			c.Device, c.Call = "b1", "0199aabb-ccdd-7eee-8fff-001122334455"
		}
		token, err := auth.Mint(key, c)
		if scope == auth.Action {
			token, err = v.MintAction(c)
		}
		if err != nil {
			t.Fatal(err)
		}
		return http.Header{"Authorization": {"Bearer " + token}}
	}
}

// Every method times every scope at the gate itself; what it lets in is the table of docs/security.md.
func TestWhoMayTable(t *testing.T) {
	g, token := doorman(t)
	var b strings.Builder
	b.WriteString("| method |")
	for _, s := range auth.Scopes() {
		fmt.Fprintf(&b, " %s |", s)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(auth.Scopes())) + "\n")
	rows := 0
	methods(func(procedure string, m protoreflect.MethodDescriptor) {
		if len(may[procedure]) == 0 {
			t.Errorf("%s has no row: nobody may ask for it", procedure)
		}
		rows++
		fmt.Fprintf(&b, "| %s.%s |", m.Parent().Name(), m.Name())
		for _, s := range auth.Scopes() {
			_, err := g.admit(context.Background(), procedure, token(s))
			if err != nil && connect.CodeOf(err) != connect.CodePermissionDenied {
				t.Errorf("%s by %s: %v", procedure, s, err)
			}
			if (err == nil) != slices.Contains(may[procedure], s) {
				t.Errorf("%s by %s: %v, and its row says %v", procedure, s, err, may[procedure])
			}
			b.WriteString(map[bool]string{true: " yes |", false: " – |"}[err == nil])
		}
		b.WriteByte('\n')
	})
	if rows != len(may) {
		t.Errorf("%d rows for %d methods", len(may), rows)
	}
	if _, err := g.admit(context.Background(), "/ringtrip.v1.PhoneService/Nobody", token(auth.Admin)); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("a method without a row: %v", err)
	}
	const begin, end = "<!-- the table of TestWhoMayTable -->\n", "<!-- end of the table -->\n"
	text, err := os.ReadFile(securityDoc)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("docs/security.md has no place for the table")
	}
	if *update {
		if err := os.WriteFile(securityDoc, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if old != b.String() {
		t.Error("the table of docs/security.md is stale: go test ./server -run TestWhoMayTable -update")
	}
}

// A token for one device opens no method for another one: each request that names a device is bound to it.
func TestDeviceBound(t *testing.T) {
	v := viewer{auth.Claims{App: "shop", User: "bob", Scope: auth.Device, Device: "b1"}}
	aboutUser := []string{"GetGroup", "ListHistory", "ListLive", "ListBlocked", "Block", "Unblock", "SetQuietHours", "GetQuietHours", "SetPriorities", "GetPriorities"}
	methods(func(procedure string, m protoreflect.MethodDescriptor) {
		if !slices.Contains(may[procedure], auth.Device) {
			return
		}
		kind, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
		if err != nil {
			t.Fatal(err)
		}
		request := func(device string) proto.Message {
			if m.Name() == "SendMedia" {
				return &v1.SendMediaRequest{Message: &v1.MediaMessage{FromDevice: device}}
			}
			r := kind.New()
			if f := m.Input().Fields().ByName("device_id"); f != nil {
				r.Set(f, protoreflect.ValueOfString(device))
			} else if !slices.Contains(aboutUser, string(m.Name())) {
				t.Errorf("%s names no device: is it about the user as a whole? Then say so here", m.Name())
			}
			return r.Interface()
		}
		if slices.Contains(aboutUser, string(m.Name())) {
			return
		}
		if err := v.bind(request("b2")); connect.CodeOf(err) != connect.CodePermissionDenied {
			t.Errorf("%s for another device: %v", m.Name(), err)
		}
		if err := v.bind(request("b1")); err != nil {
			t.Errorf("%s for its own: %v", m.Name(), err)
		}
		empty := request("")
		if err := v.bind(empty); err != nil || !strings.Contains(fmt.Sprint(empty), "b1") {
			t.Errorf("%s without a device: %v, %v", m.Name(), empty, err)
		}
	})
}

// A backend has to say in whose name; nobody else may say another one.
func TestSpeakFor(t *testing.T) {
	for _, c := range []struct {
		scope       auth.Scope
		user, asked string
		needed      bool
		want        string
		code        connect.Code
	}{
		{auth.User, "bob", "", true, "bob", 0},
		{auth.User, "bob", "bob", true, "bob", 0},
		{auth.User, "bob", "alice", true, "", connect.CodePermissionDenied},
		{auth.Device, "bob", "alice", true, "", connect.CodePermissionDenied},
		{auth.Action, "bob", "alice", true, "", connect.CodePermissionDenied},
		{auth.Ops, "", "alice", false, "", connect.CodePermissionDenied},
		{auth.Backend, "", "alice", true, "alice", 0},
		{auth.Admin, "", "alice", true, "alice", 0},
		{auth.Backend, "", "", true, "", connect.CodeInvalidArgument},
		{auth.Backend, "", "", false, "", 0},
		{auth.Backend, "bob", "alice", true, "", connect.CodePermissionDenied}, // a backend's token for one user
		{auth.Backend, "", "a\nb", true, "", connect.CodeInvalidArgument},
		{auth.Backend, "", strings.Repeat("x", 1000), true, "", connect.CodeInvalidArgument},
	} {
		v := viewer{auth.Claims{User: c.user, Scope: c.scope}}
		err := v.speakFor(c.asked, c.needed)
		if c.code == 0 && (err != nil || v.User != c.want) || c.code != 0 && connect.CodeOf(err) != c.code {
			t.Errorf("%s %q asks for %.20q: %q, %v", c.scope, c.user, c.asked, v.User, err)
		}
	}
}
