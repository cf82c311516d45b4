package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/server/auth"
	rpc "github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// may says which tokens open which method. A method without a row opens to nobody.
var may = map[string][]auth.Scope{
	rpc.PhoneServiceRegisterDeviceProcedure:   {auth.User},
	rpc.PhoneServiceUnregisterDeviceProcedure: {auth.User},
	rpc.PhoneServiceEventsProcedure:           {auth.User},
	rpc.PhoneServiceStartProcedure:            {auth.User},
	rpc.PhoneServiceAckProcedure:              {auth.User, auth.Action},
	rpc.PhoneServiceAnswerProcedure:           {auth.User, auth.Action},
	rpc.PhoneServiceDeclineProcedure:          {auth.User, auth.Action},
	rpc.PhoneServiceCancelProcedure:           {auth.User},
	rpc.PhoneServiceEndProcedure:              {auth.User},
	rpc.PhoneServiceHoldProcedure:             {auth.User},
	rpc.PhoneServiceSendMediaProcedure:        {auth.User, auth.Action},
	rpc.PhoneServiceGetCallProcedure:          {auth.User, auth.Action},
	rpc.PhoneServiceListHistoryProcedure:      {auth.User},
	rpc.OpsServiceGetLedgerProcedure:          {auth.Ops},
	rpc.OpsServiceListCallsProcedure:          {auth.Ops},
	rpc.OpsServiceEndCallProcedure:            {auth.Ops},
}

// viewer is who asks.
type viewer struct{ auth.Claims }

type viewerKey struct{}

func viewerOf(ctx context.Context) viewer {
	v, _ := ctx.Value(viewerKey{}).(viewer)
	return v
}

// gate lets requests in whose token allows the method.
type gate struct{ s *Server }

func (g *gate) admit(ctx context.Context, procedure string, h http.Header) (context.Context, error) {
	token := h.Get("Authorization")
	if scheme, rest, _ := strings.Cut(token, " "); strings.EqualFold(scheme, "bearer") {
		token = strings.TrimSpace(rest)
	} else if token != "" {
		return nil, problem(connect.CodeUnauthenticated, "token_malformed", `send "Authorization: Bearer <token>"`, nil, "the header Authorization is not of the kind Bearer")
	}
	claims, err := g.s.verifier.Verify(token)
	if err != nil {
		code, hint, text := "token_malformed", "", err.Error()
		if why := (*auth.Error)(nil); errors.As(err, &why) {
			code, hint, text = why.Code, why.Hint, why.Text
		}
		return nil, problem(connect.CodeUnauthenticated, code, hint, nil, "%s", text)
	}
	if !slices.Contains(may[procedure], claims.Scope) {
		return nil, problem(connect.CodePermissionDenied, "wrong_scope", "use a token of the right scope", nil,
			"%s wants a token of the scope %s, and this one has %q", method(procedure), words(may[procedure]), claims.Scope)
	}
	return context.WithValue(ctx, viewerKey{}, viewer{claims}), nil
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
		ctx, err := g.admit(ctx, req.Spec().Procedure, req.Header())
		if err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (g *gate) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		ctx, err := g.admit(ctx, conn.Spec().Procedure, conn.RequestHeader())
		if err != nil {
			return err
		}
		return next(ctx, conn)
	}
}

// WrapStreamingClient implements connect.Interceptor; this is no client.
func (g *gate) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// device returns the device that the viewer speaks for. An action token speaks for its own, which the request may
// leave out.
func (v viewer) device(asked string) (string, error) {
	if v.Scope == auth.Action {
		if asked != "" && asked != v.Device {
			return "", problem(connect.CodePermissionDenied, "wrong_device", "", nil, "this action token is for another device than %.64q", asked)
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
