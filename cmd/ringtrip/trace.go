package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/server/observe"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// traceCmd prints the ledger of a call.
type traceCmd struct {
	Call   string `arg:"" optional:"" help:"The call's id; without it the newest calls are listed."`
	Server string `help:"Base URL of the server." default:"http://127.0.0.1:8787"`
	Token  string `help:"A token with scope ops: ringtrip token --scope ops." required:""`
	JSON   bool   `help:"Print JSON, for machines."`
}

// Run prints what happened to the call, leg by leg, or the newest calls.
func (c *traceCmd) Run(ctx context.Context, o out) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	ops := ringtripv1connect.NewOpsServiceClient(http.DefaultClient, c.Server, connect.WithInterceptors(rig.Bearer(c.Token)))
	if c.Call == "" {
		return c.list(ctx, o, ops)
	}
	r, err := ops.GetLedger(ctx, connect.NewRequest(&v1.GetLedgerRequest{CallId: c.Call}))
	if err != nil {
		return fmt.Errorf("asking %s about call %s: %w", c.Server, c.Call, err)
	}
	if c.JSON {
		return printProto(o, r.Msg)
	}
	id, _ := observe.TraceOf(r.Msg.CallId)
	_, err = fmt.Fprintf(o, "%sOpenTelemetry trace %s\n", rig.FormatLedger(r.Msg), id)
	return err
}

func (c *traceCmd) list(ctx context.Context, o out, ops ringtripv1connect.OpsServiceClient) error {
	r, err := ops.ListCalls(ctx, connect.NewRequest(&v1.ListCallsRequest{Limit: 20}))
	if err != nil {
		return fmt.Errorf("asking %s for its calls: %w", c.Server, err)
	}
	if c.JSON {
		return printProto(o, r.Msg)
	}
	if len(r.Msg.Calls) == 0 {
		_, err = fmt.Fprintln(o, "no calls yet")
		return err
	}
	for _, h := range r.Msg.Calls {
		how := "live"
		if h.Reason != v1.EndReason_END_REASON_UNSPECIFIED {
			how = rig.ReasonWord(h.Reason)
		}
		fmt.Fprintf(o, "%s  %s  %-20s %s\n", h.CallId, h.CreatedAt.AsTime().Format(time.DateTime),
			h.Caller.GetUserId()+" → "+h.Callee.GetUserId(), how)
	}
	return nil
}

func printProto(o out, m proto.Message) error {
	b, err := protojson.Marshal(m)
	if err != nil {
		return err
	}
	var indented any
	if err := json.Unmarshal(b, &indented); err != nil {
		return err
	}
	enc := json.NewEncoder(o)
	enc.SetIndent("", "  ")
	return enc.Encode(indented)
}
