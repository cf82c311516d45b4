package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/server/webhook"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
	"github.com/ringtrip/ringtrip/signaling/ringtripv1/ringtripv1connect"
)

// webhookCmd groups what has to do with telling an app's backend.
type webhookCmd struct {
	List   webhookListCmd   `cmd:"" help:"List the endpoints and how they are."`
	Test   webhookTestCmd   `cmd:"" help:"Send a webhook.test to an endpoint and tell what it answered."`
	Dead   webhookDeadCmd   `cmd:"" help:"List events that an endpoint did not take."`
	Replay webhookReplayCmd `cmd:"" help:"Put dead events on their way again."`
	Enable webhookEnableCmd `cmd:"" help:"Tell an endpoint of events again that had answered 410."`
	Secret webhookSecretCmd `cmd:"" help:"Make a secret, or a pair of keys."`
	Listen webhookListenCmd `cmd:"" help:"Receive webhooks on this machine, verify them and print them."`
}

// opsFlags say which server is asked.
type opsFlags struct {
	Server string `help:"Base URL of the server." default:"http://127.0.0.1:8787"`
	Token  string `help:"A token with scope ops: ringtrip token --scope ops." required:""`
}

func (f opsFlags) client() ringtripv1connect.OpsServiceClient {
	return ringtripv1connect.NewOpsServiceClient(http.DefaultClient, f.Server, connect.WithInterceptors(rig.Bearer(f.Token)))
}

// asking bounds one question to the server.
func asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Minute)
}

type webhookListCmd struct{ opsFlags }

// Run lists the endpoints.
func (c *webhookListCmd) Run(ctx context.Context, o out) error {
	ctx, cancel := asking(ctx)
	defer cancel()
	r, err := c.client().ListWebhooks(ctx, connect.NewRequest(&v1.ListWebhooksRequest{}))
	if err != nil {
		return fmt.Errorf("asking %s for its webhook endpoints: %w", c.Server, err)
	}
	if len(r.Msg.Endpoints) == 0 {
		_, err = fmt.Fprintln(o, "the app has no webhook endpoint")
		return err
	}
	for _, e := range r.Msg.Endpoints {
		how := "ok"
		switch {
		case e.DisabledAt != nil:
			how = fmt.Sprintf("DISABLED since %s (%s)", e.DisabledAt.AsTime().Format(time.RFC3339), e.DisabledWhy)
		case e.Failing > 0:
			how = fmt.Sprintf("failing, %d in a row", e.Failing)
		}
		types := "all"
		if len(e.Types) > 0 {
			types = strings.Join(e.Types, " ")
		}
		fmt.Fprintf(o, "%-12s %s  %s  (%d waiting; %s)\n", e.Id, e.Url, how, e.Waiting, types)
	}
	return nil
}

type webhookTestCmd struct {
	opsFlags
	Endpoint string `arg:"" help:"The endpoint's id."`
}

// Run sends a test; it fails if the endpoint did not take it.
func (c *webhookTestCmd) Run(ctx context.Context, o out) error {
	ctx, cancel := asking(ctx)
	defer cancel()
	r, err := c.client().TestWebhook(ctx, connect.NewRequest(&v1.TestWebhookRequest{Endpoint: c.Endpoint}))
	if err != nil {
		return fmt.Errorf("asking %s to test the endpoint: %w", c.Server, err)
	}
	if !r.Msg.Taken {
		fmt.Fprintf(o, "not taken after %d ms: %s\n", r.Msg.TookMs, r.Msg.Detail)
		return errFailed
	}
	_, err = fmt.Fprintf(o, "taken: %d after %d ms\n", r.Msg.Status, r.Msg.TookMs)
	return err
}

type webhookDeadCmd struct {
	opsFlags
	Endpoint string `help:"Only of this endpoint."`
	Body     bool   `help:"Print the events, too."`
}

// Run lists all dead letters.
func (c *webhookDeadCmd) Run(ctx context.Context, o out) error {
	ctx, cancel := asking(ctx)
	defer cancel()
	total := 0
	for after := ""; ; {
		r, err := c.client().ListDeadWebhooks(ctx, connect.NewRequest(&v1.ListDeadWebhooksRequest{Limit: 200, After: after, Endpoint: c.Endpoint}))
		if err != nil {
			return fmt.Errorf("asking %s for dead webhooks: %w", c.Server, err)
		}
		for _, w := range r.Msg.Webhooks {
			total++
			fmt.Fprintf(o, "%s  %-20s %s  %s\n", w.Id, w.Type, w.HappenedAt.AsTime().Format(time.RFC3339), w.Detail)
			if c.Body {
				fmt.Fprintln(o, w.Body)
			}
		}
		if after = r.Msg.NextPage; after == "" {
			break
		}
	}
	_, err := fmt.Fprintf(o, "%d dead\n", total)
	return err
}

type webhookReplayCmd struct {
	opsFlags
	IDs      []string `arg:"" optional:"" name:"id" help:"Ids that ringtrip webhook dead lists."`
	Endpoint string   `help:"Without ids: all dead events of this endpoint."`
}

// Run replays.
func (c *webhookReplayCmd) Run(ctx context.Context, o out) error {
	ctx, cancel := asking(ctx)
	defer cancel()
	r, err := c.client().ReplayWebhooks(ctx, connect.NewRequest(&v1.ReplayWebhooksRequest{Ids: c.IDs, Endpoint: c.Endpoint}))
	if err != nil {
		return fmt.Errorf("asking %s to replay: %w", c.Server, err)
	}
	_, err = fmt.Fprintf(o, "%d on their way\n", r.Msg.Replayed)
	return err
}

type webhookEnableCmd struct {
	opsFlags
	Endpoint string `arg:"" help:"The endpoint's id."`
}

// Run enables an endpoint.
func (c *webhookEnableCmd) Run(ctx context.Context, o out) error {
	ctx, cancel := asking(ctx)
	defer cancel()
	r, err := c.client().EnableWebhook(ctx, connect.NewRequest(&v1.EnableWebhookRequest{Endpoint: c.Endpoint}))
	if err != nil {
		return fmt.Errorf("asking %s to enable the endpoint: %w", c.Server, err)
	}
	said := "it was not disabled"
	if r.Msg.WasDisabled {
		said = "enabled; what it did not take is listed by: ringtrip webhook dead"
	}
	_, err = fmt.Fprintln(o, said)
	return err
}

type webhookSecretCmd struct {
	Pair bool `help:"Make an Ed25519 pair: the receiver can check signatures and make none."`
}

// Run prints a fresh secret and nothing else, or a private key and its public key.
func (c *webhookSecretCmd) Run(o out) error {
	if !c.Pair {
		_, err := fmt.Fprintln(o, webhook.NewSecret())
		return err
	}
	private, public := webhook.NewKeyPair()
	_, err := fmt.Fprintf(o, "%s\n%s\n", private, public)
	return err
}

type webhookListenCmd struct {
	Listen string `help:"Address to listen on." default:"127.0.0.1:8790"`
	Secret string `help:"File with the secret, or with the public key." required:"" placeholder:"FILE"`
	Status int    `help:"What to answer, to see what the server makes of it." default:"204"`
	Full   bool   `help:"Print the whole events."`
}

// Run receives until ctx ends. It answers any path.
func (c *webhookListenCmd) Run(ctx context.Context, o out) error {
	text, err := os.ReadFile(c.Secret)
	if err != nil {
		return fmt.Errorf("reading the secret: %w", err)
	}
	verifier, err := webhook.NewVerifier(strings.Fields(string(text))...)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Secret, err)
	}
	if c.Status < 200 || c.Status > 599 {
		return fmt.Errorf("--status is %d and must be 200 to 599", c.Status)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	lines := make(chan string, 64)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line, status := c.receive(verifier, r)
		w.WriteHeader(status)
		select {
		case lines <- line:
		case <-ctx.Done():
		}
	})}
	fmt.Fprintf(o, "listening on http://%s\n", listener.Addr())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	for {
		select {
		case line := <-lines:
			fmt.Fprintln(o, line)
		case err := <-failed:
			return err
		case <-ctx.Done():
			_ = server.Close()
			if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		}
	}
}

// receive returns what to print of a request, and what to answer.
func (c *webhookListenCmd) receive(v *webhook.Verifier, r *http.Request) (string, int) {
	var body strings.Builder
	r.Body = io.NopCloser(io.TeeReader(r.Body, &body))
	e, err := v.Read(r)
	if err != nil {
		return "REFUSED: " + err.Error(), http.StatusUnauthorized
	}
	if c.Full {
		return body.String(), c.Status
	}
	line := fmt.Sprintf("%s  %-20s", e.Timestamp.Format("15:04:05.000"), e.Type)
	if call := e.Data.Call; call != nil {
		line += fmt.Sprintf(" %s  %s → %s  %s %s", call.ID, call.Caller.UserID, call.Callee.UserID, call.State, call.Reason)
	}
	if l := e.Data.Leg; l != nil {
		line += " " + strings.TrimSpace(l.DeviceID+" "+l.Reason+" "+l.Detail)
	}
	if d := e.Data.Device; d != nil {
		line += " " + strings.TrimSpace(d.ID+" of "+d.UserID+" "+d.Dropped)
	}
	return strings.TrimRight(line, " "), c.Status
}
