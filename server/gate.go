package server

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ringtrip/ringtrip/server/auth"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	rpc "github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// viewer is who asks.
type viewer struct{ auth.Claims }

type viewerKey struct{}

func viewerOf(ctx context.Context) viewer {
	v, _ := ctx.Value(viewerKey{}).(viewer)
	return v
}

// UserHeader names the user in whose name a backend asks. Tokens and API keys of the scopes backend and admin need it
// with every method of PhoneService; the others must not name anybody but themselves.
const UserHeader = "Ringtrip-User"

// gate lets requests in that their token allows, and ends event streams whose token ends.
type gate struct {
	s       *Server
	mu      sync.Mutex
	streams map[*admitted]struct{}
}

// admitted is an open stream and what let it in.
type admitted struct {
	token  string
	expiry *time.Timer     // nil: the token does not expire
	end    func(why error) // ends the stream; the gate's mu guards it
}

func newGate(s *Server) *gate { return &gate{s: s, streams: map[*admitted]struct{}{}} }

// admit returns who asks, or why the request is refused.
func (g *gate) admit(ctx context.Context, procedure string, h http.Header) (viewer, error) {
	token, err := bearerOf(h)
	if err != nil {
		return viewer{}, err
	}
	claims, err := g.verify(token)
	if err != nil {
		g.s.refusedFrom(ctx)
		return viewer{}, err
	}
	if claims.Scope.IsPerson() {
		if wait := g.s.byUser.take(claims.App+"\x00"+claims.User, 1, false); wait > 0 {
			return viewer{}, tooMany("user", "rate_limited_user", wait)
		}
	}
	if !slices.Contains(may[procedure], claims.Scope) {
		return viewer{}, problem(connect.CodePermissionDenied, "wrong_scope", "use a token of the right scope", nil,
			"%s wants a token of the scope %s, and this one has %q", method(procedure), words(may[procedure]), claims.Scope)
	}
	v := viewer{claims}
	return v, v.speakFor(h.Get(UserHeader), strings.HasPrefix(procedure, phoneService))
}

const phoneService = "/" + rpc.PhoneServiceName + "/"

// bearerOf returns the token of a request.
func bearerOf(h http.Header) (string, error) {
	header := h.Get("Authorization")
	if scheme, token, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(token), nil
	}
	if header != "" {
		return "", problem(connect.CodeUnauthenticated, "token_malformed", `send "Authorization: Bearer <token>"`, nil, "the header Authorization is not of the kind Bearer")
	}
	return "", nil
}

func (g *gate) verify(token string) (auth.Claims, error) {
	claims, err := g.s.verifier.Verify(token)
	if err == nil {
		return claims, nil
	}
	code, hint, text := "token_malformed", "", err.Error()
	if why := (*auth.Error)(nil); errors.As(err, &why) {
		code, hint, text = why.Code, why.Hint, why.Text
	}
	return claims, problem(connect.CodeUnauthenticated, code, hint, nil, "%s", text)
}

// speakFor sets the user in whose name the viewer asks. asked is the header's user, empty if there is none.
func (v *viewer) speakFor(asked string, needed bool) error {
	switch {
	case asked == "" || asked == v.User:
	case !v.Scope.ActsForUsers() || v.User != "":
		return problem(connect.CodePermissionDenied, "wrong_user", "leave the header "+UserHeader+" out, or use a key of the scope backend", nil,
			"this token does not speak for the user %.128q", asked)
	default:
		if err := checkUser("the header "+UserHeader, asked); err != nil {
			return err
		}
		v.User = asked
	}
	if needed && v.User == "" {
		return invalid("say in whose name: send the header "+UserHeader, "a key of the scope %s is no user", v.Scope)
	}
	return nil
}

// bind holds a request against the device and the call that the viewer's token is for, and fills in the device if the
// request leaves it out. It is done here, for every message that has such a field, so that no method can forget it.
func (v viewer) bind(msg any) error {
	m, ok := msg.(proto.Message)
	if !ok || v.Device == "" {
		return nil
	}
	name := protoreflect.Name("device_id")
	r := m.ProtoReflect()
	if media, ok := msg.(*v1.SendMediaRequest); ok && media.Message != nil {
		r, name = media.Message.ProtoReflect(), "from_device"
	}
	if f := r.Descriptor().Fields().ByName(name); f != nil {
		if asked := r.Get(f).String(); asked == "" {
			r.Set(f, protoreflect.ValueOfString(v.Device))
		} else if asked != v.Device {
			return problem(connect.CodePermissionDenied, "wrong_device", "", nil, "this token is for another device than %.64q", asked)
		}
	}
	if f := r.Descriptor().Fields().ByName("call_id"); f != nil && v.Scope == auth.Action {
		_, err := v.call(r.Get(f).String())
		return err
	}
	return nil
}

func method(procedure string) string { return procedure[strings.LastIndexByte(procedure, '/')+1:] }

func words(scopes []auth.Scope) string {
	var all []string
	for _, s := range scopes {
		all = append(all, string(s))
	}
	return strings.Join(all, " or ")
}

// WrapUnary implements connect.Interceptor.
func (g *gate) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		ctx, err := g.enterUnary(ctx, req.Spec().Procedure, req.Header(), req.Any())
		if err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

// enterUnary lets a unary request in: the context that it returns says who asks.
func (g *gate) enterUnary(ctx context.Context, procedure string, h http.Header, msg any) (context.Context, error) {
	v, err := g.admit(ctx, procedure, h)
	if err != nil {
		return ctx, err
	}
	if err := v.bind(msg); err != nil {
		return ctx, err
	}
	g.s.asked.Store(time.Now().UnixNano())
	return context.WithValue(ctx, viewerKey{}, v), nil
}

// WrapStreamingHandler implements connect.Interceptor. A stream ends when its token does.
func (g *gate) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		var v viewer
		if err := apart(func() (err error) { v, err = g.admit(ctx, conn.Spec().Procedure, conn.RequestHeader()); return err }); err != nil {
			return err
		}
		token, _ := bearerOf(conn.RequestHeader())
		ctx, end := context.WithCancelCause(context.WithValue(ctx, viewerKey{}, v))
		defer end(nil)
		a := &admitted{token: token, end: end}
		g.enter(a, v.Expires)
		kept := false
		defer func() {
			if !kept {
				g.leave(a)
			}
		}()
		g.check(a) // the keys may have changed between the two
		err := next(ctx, &boundConn{StreamingHandlerConn: conn, v: v})
		if cause := context.Cause(ctx); connect.CodeOf(cause) == connect.CodeUnauthenticated {
			return cause
		}
		if door := doorOf(ctx); err == nil && door != nil && door.line != nil {
			kept = true // the stream outlives its request
			door.line.admitted = a
			g.mu.Lock()
			a.end = door.line.expire
			g.mu.Unlock()
			g.check(a) // the token may have ended before that
		}
		return err
	}
}

// boundConn is a stream whose requests are bound to their token's device.
type boundConn struct {
	connect.StreamingHandlerConn
	v viewer
}

// Receive implements connect.StreamingHandlerConn.
func (c *boundConn) Receive(msg any) error {
	if err := c.StreamingHandlerConn.Receive(msg); err != nil {
		return err
	}
	return c.v.bind(msg)
}

func (g *gate) enter(a *admitted, expires time.Time) {
	if !expires.IsZero() {
		a.expiry = time.AfterFunc(expires.Sub(g.s.now())+g.s.verifier.Leeway(), func() { g.check(a) })
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.streams[a] = struct{}{}
}

func (g *gate) leave(a *admitted) {
	if a.expiry != nil {
		a.expiry.Stop()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.streams, a)
}

// recheck ends the streams whose tokens are no longer good.
func (g *gate) recheck() {
	g.mu.Lock()
	all := slices.Collect(maps.Keys(g.streams))
	g.mu.Unlock()
	for _, a := range all {
		g.check(a)
	}
}

// check ends a stream if its token is no longer good.
func (g *gate) check(a *admitted) {
	if _, err := g.verify(a.token); err != nil {
		g.mu.Lock()
		end := a.end
		g.mu.Unlock()
		end(err)
	}
}

// WrapStreamingClient implements connect.Interceptor; this is no client.
func (g *gate) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// device returns the device that the viewer speaks for. A token for one device speaks for its own, which the request
// may leave out.
func (v viewer) device(asked string) (string, error) {
	if v.Device != "" {
		if asked != "" && asked != v.Device {
			return "", problem(connect.CodePermissionDenied, "wrong_device", "", nil, "this token is for another device than %.64q", asked)
		}
		return v.Device, nil
	}
	return asked, checkDeviceID(asked)
}

// call returns the id of the call that the viewer asks about, in lower case.
func (v viewer) call(asked string) (string, error) {
	id, err := parseCallID(asked)
	if err != nil {
		return "", invalid("call_id is what Start answered or the push carried", "call_id %s", err)
	}
	if v.Scope == auth.Action && id.String() != v.Call {
		return "", problem(connect.CodePermissionDenied, "wrong_call", "", nil, "this action token is for another call than %s", id)
	}
	return id.String(), nil
}
