// Command ringtrip is all of ringtrip in one binary: the ringing server, a demonstration with simulated
// iPhones, and the tools around them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the whole command line. Every flag can also come from the environment, as RINGTRIP_ and its name.
type cli struct {
	Demo     demoCmd     `cmd:"" help:"Call Bob's two simulated iPhones from a page (or --headless, without one)."`
	Serve    serveCmd    `cmd:"" help:"Run the ringing server."`
	Token    tokenCmd    `cmd:"" help:"Mint a token for a user, as an app's backend would."`
	Key      keyCmd      `cmd:"" help:"Make an API key for an app's backend."`
	Trace    traceCmd    `cmd:"" help:"Tell what happened to a call, leg by leg, and why a phone did not ring."`
	Webhook  webhookCmd  `cmd:"" help:"Look after webhooks: endpoints, dead events, replay, secrets."`
	Backup   backupCmd   `cmd:"" help:"Copy the database to a file, while the server runs."`
	Restore  restoreCmd  `cmd:"" help:"Make a backup the database; the server must be stopped."`
	Migrate  migrateCmd  `cmd:"" help:"Copy all that a store holds to another: SQLite, PostgreSQL or a file; servers must be stopped."`
	Doctor   doctorCmd   `cmd:"" help:"Look at the configuration and at what it leans on: keys, APNs, clock, certificates, store."`
	Push     pushCmd     `cmd:"" help:"Send a VoIP push for a test and explain APNs' answer."`
	Config   configCmd   `cmd:"" help:"Check a configuration, or print an example of one."`
	ApnsTest apnsTestCmd `cmd:"" help:"Stand in for Apple's push service on this machine, with every fault on demand."`
	Scenario scenarioCmd `cmd:"" help:"Run scenarios of the iOS call system on the simulated iPhone."`
	Bench    benchCmd    `cmd:"" help:"Measure, with a floor beside each figure."`
}

// out is where commands print; tests look at it.
type out struct{ io.Writer }

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run runs the command that args name and returns the exit code: 0, 1 if it failed, 2 if args make no sense.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c, parsed, err := parse(args, stdout, stderr, kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(out{stdout}),
		kong.Bind(reparse(func() (*cli, error) {
			c, _, err := parse(args, io.Discard, io.Discard)
			return c, err
		})))
	if c == nil { // --help
		return 0
	}
	if err != nil {
		var p *kong.ParseError
		if errors.As(err, &p) {
			_ = p.Context.PrintUsage(true)
		}
		fmt.Fprintln(stderr, "ringtrip:", err)
		return 2
	}
	if err := parsed.Run(); err != nil {
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(stderr, "ringtrip:", err)
		}
		return 1
	}
	return 0
}

// parse reads a command line, with the environment and the configuration file that it names. A nil cli without an error
// has said all there is to say (--help).
func parse(args []string, stdout, stderr io.Writer, options ...kong.Option) (*cli, *kong.Context, error) {
	c, exited := &cli{}, false
	parser, err := kong.New(c, append([]kong.Option{
		kong.Name("ringtrip"),
		kong.Description("Make an app's calls ring like phone calls.\n\nStart with: ringtrip demo"),
		kong.UsageOnError(),
		kong.DefaultEnvars("RINGTRIP"),
		kong.Writers(stdout, stderr),
		kong.Configuration(loadConfig),
		kong.Exit(func(int) { exited = true }),
	}, options...)...)
	if err != nil {
		return c, nil, err
	}
	parsed, err := parser.Parse(args)
	if exited {
		return nil, nil, nil
	}
	return c, parsed, err
}

// errFailed is returned by a command that has said all there is to say.
var errFailed = errors.New("failed")
