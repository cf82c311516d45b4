package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ringtrip/ringtrip/internal/rig"
	"github.com/ringtrip/ringtrip/push"
	"github.com/ringtrip/ringtrip/push/apnstest"
)

// apnsTestCmd is a local APNs for whoever sends pushes, with every fault on demand.
type apnsTestCmd struct {
	Production string `help:"Where to stand in for api.push.apple.com." default:"127.0.0.1:0" placeholder:"ADDR"`
	Sandbox    string `help:"Where to stand in for api.sandbox.push.apple.com." default:"127.0.0.1:0" placeholder:"ADDR"`
	Control    string `help:"Where the control endpoint listens; it asks nobody who they are." default:"127.0.0.1:0" placeholder:"ADDR"`

	Dir    string   `help:"Folder for the key (AuthKey_ID.p8, made if it is missing) and the authority's certificate (ca.pem)." default:"." placeholder:"DIR"`
	Team   string   `help:"Team ID of the key." default:"TEAM123456"`
	KeyID  string   `help:"ID of the key." default:"KEY1234567" placeholder:"ID"`
	App    []string `help:"Bundle IDs of the team's apps." default:"com.example.phone" placeholder:"ID"`
	Strict bool     `help:"Know only the apps and device tokens that were registered; else any 1 to 100 bytes in hex are a device."`

	FirstStreams uint32        `help:"Streams that a connection may open before its first accepted push." default:"1"`
	MaxStreams   uint32        `help:"Streams that it may open after it." default:"1000"`
	Tolerant     bool          `help:"Refuse streams beyond that, instead of GOAWAY \"Maximum active streams violated\"."`
	Shrink       bool          `help:"Go back to the first number of streams with each refused push."`
	MaxRefusals  int           `help:"Refused pushes after which a connection is shut down; 0: any number." placeholder:"N"`
	DeviceLimit  int           `help:"Pushes a device may get in a minute before 429 TooManyRequests; 0: any number." placeholder:"N"`
	BindTopics   bool          `help:"Have a connection know only the apps registered before its first push."`
	Latency      time.Duration `help:"How long each answer takes."`
	Fault        []string      `help:"A fault, as \"refuse status=503 reason=Shutdown skip=10 every=5 times=-1\"; may be given several times. See GET / of the control endpoint." sep:"none" placeholder:"FAULT"`
	Remember     int           `help:"How many pushes the log remembers." default:"100000" placeholder:"N"`

	JSON  bool `help:"Print JSON lines."`
	Quiet bool `help:"Do not print pushes."`
}

// Help is the long text of --help.
func (c *apnsTestCmd) Help() string {
	return "It keeps Apple's rules (one stream until a connection's first accepted push, token age, environments, topics, sizes) " +
		"and refuses in Apple's words. Point your sender at the printed addresses, have it trust ca.pem, and send; each push is one line.\n\n" +
		"The control endpoint:\n\n    " + strings.ReplaceAll(apnstest.ControlHelp, "\n", "\n    ") + strings.Join(apnstest.ActionNames(), ", ")
}

// Run serves until it is interrupted.
func (c *apnsTestCmd) Run(ctx context.Context, o out) error {
	p := &pushPrinter{w: o, json: c.JSON}
	cfg := apnstest.Config{
		ProductionAddr: c.Production, SandboxAddr: c.Sandbox, AdmitAll: !c.Strict,
		FirstStreams: c.FirstStreams, MaxStreams: c.MaxStreams, TolerateOverrun: c.Tolerant, ShrinkOnRefusal: c.Shrink,
		MaxRefusals: c.MaxRefusals, DeviceLimit: c.DeviceLimit, BindTopics: c.BindTopics, Latency: c.Latency, LogSize: c.Remember,
	}
	if !c.Quiet {
		cfg.OnRequest, cfg.OnNotice = p.request, p.notice
	}
	var faults []apnstest.Fault
	for _, line := range c.Fault {
		f, err := apnstest.ParseFault(line)
		if err != nil {
			return err
		}
		faults = append(faults, f)
	}
	keyFile := filepath.Join(c.Dir, "AuthKey_"+c.KeyID+".p8")
	p8, err := c.key(keyFile)
	if err != nil {
		return err
	}
	public, err := apnstest.PublicKey(p8)
	if err != nil {
		return fmt.Errorf("%s: %w", keyFile, err)
	}
	control, err := rig.Listen(c.Control)
	if err != nil {
		return err
	}
	defer control.Close()
	s, err := apnstest.Listen(cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	ca := filepath.Join(c.Dir, "ca.pem")
	if err := os.WriteFile(ca, s.CA(), 0o644); err != nil { //nolint:gosec // a certificate is for everyone
		return err
	}
	s.RegisterTeam(c.Team, c.KeyID, public)
	var tokens []string
	for _, app := range c.App {
		s.RegisterApp(app, c.Team)
		for _, env := range []push.Environment{push.Production, push.Sandbox} {
			tokens = append(tokens, s.IssueToken(app, env, nil))
		}
	}
	for _, f := range faults {
		s.Inject(f)
	}
	p.start(startInfo{
		Production: s.URL(push.Production), Sandbox: s.URL(push.Sandbox), Control: "http://" + control.Addr().String(),
		Key: keyFile, KeyID: c.KeyID, Team: c.Team, CA: ca, Apps: c.App, Token: tokens[0], SandboxToken: tokens[1],
	})
	h := &http.Server{Handler: s.Control(), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(control) }()
	select {
	case <-ctx.Done():
	case err = <-ended:
		return err
	}
	err = h.Close()
	<-ended
	return err
}

// key reads the provider key, or makes one.
func (c *apnsTestCmd) key(file string) ([]byte, error) {
	p8, err := os.ReadFile(file)
	if err == nil || !os.IsNotExist(err) {
		return p8, err
	}
	p8, _ = apnstest.GenerateKey()
	return p8, os.WriteFile(file, p8, 0o600)
}

// startInfo is where everything is.
type startInfo struct {
	Production   string   `json:"production"`
	Sandbox      string   `json:"sandbox"`
	Control      string   `json:"control"`
	Key          string   `json:"key"`
	KeyID        string   `json:"key_id"`
	Team         string   `json:"team"`
	CA           string   `json:"ca"`
	Apps         []string `json:"apps"`
	Token        string   `json:"token"` // of a VoIP device of the first app, in production
	SandboxToken string   `json:"sandbox_token"`
}

// pushPrinter prints what happens, one line each.
type pushPrinter struct {
	json bool

	mu sync.Mutex
	w  io.Writer
}

func (p *pushPrinter) start(i startInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		_ = json.NewEncoder(p.w).Encode(i)
		return
	}
	fmt.Fprintf(p.w, "production  %s\nsandbox     %s\ntrust       %s\nkey         %s (key ID %s, team %s)\napps        %s\ndevices     %s production VoIP\n            %s sandbox VoIP\ncontrol     %s (GET / says how)\n\n",
		i.Production, i.Sandbox, i.CA, i.Key, i.KeyID, i.Team, strings.Join(i.Apps, " "), i.Token, i.SandboxToken, i.Control)
}

// pushLine is a push in JSON.
type pushLine struct {
	At          time.Time `json:"at"`
	Environment string    `json:"environment"`
	Connection  int       `json:"connection"`
	Stream      uint32    `json:"stream,omitempty"`
	Notice      string    `json:"notice,omitempty"`
	Token       string    `json:"token,omitempty"`
	Topic       string    `json:"topic,omitempty"`
	Type        string    `json:"type,omitempty"`
	ID          string    `json:"id,omitempty"`
	Priority    string    `json:"priority,omitempty"`
	Expiration  string    `json:"expiration,omitempty"`
	CollapseID  string    `json:"collapse_id,omitempty"`
	Payload     string    `json:"payload,omitempty"`
	Status      int       `json:"status,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Decision    string    `json:"decision,omitempty"`
}

func (p *pushPrinter) request(r apnstest.Request) {
	h := r.Header
	l := pushLine{
		At: r.At, Environment: r.Environment.String(), Connection: r.Connection, Stream: r.Stream,
		Token: strings.TrimPrefix(r.Path, "/3/device/"), Topic: h.Get("Apns-Topic"), Type: h.Get("Apns-Push-Type"), ID: h.Get("Apns-Id"),
		Priority: h.Get("Apns-Priority"), Expiration: h.Get("Apns-Expiration"), CollapseID: h.Get("Apns-Collapse-Id"),
		Payload: string(r.Payload), Status: r.Status, Reason: r.Reason, Decision: r.Decision,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		_ = json.NewEncoder(p.w).Encode(l)
		return
	}
	answer := "no answer"
	if r.Status != 0 {
		answer = strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, r.Reason))
	}
	fmt.Fprintf(p.w, "%s %-10s %d/%-5d %s: %s, %s %s to %.8q, id %q, expiration %q, priority %q, %d B\n", r.At.Format("15:04:05.000"), l.Environment, l.Connection, l.Stream,
		answer, l.Decision, shown(l.Type), shown(l.Topic), l.Token, l.ID, l.Expiration, l.Priority, len(r.Payload))
}

// shown is a header's value for a line of text: what is missing or odd is to be seen.
func shown(s string) string {
	for _, c := range s {
		if c <= ' ' || c > '~' {
			return fmt.Sprintf("%q", s)
		}
	}
	if s == "" {
		return "(none)"
	}
	return s
}

func (p *pushPrinter) notice(n apnstest.Notice) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		_ = json.NewEncoder(p.w).Encode(pushLine{At: n.At, Environment: n.Environment.String(), Connection: n.Connection, Notice: n.Text})
		return
	}
	fmt.Fprintf(p.w, "%s %-10s %d       %s\n", n.At.Format("15:04:05.000"), n.Environment, n.Connection, n.Text)
}
