package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/server"
	"github.com/ringtrip/ringtrip/server/observe"
	v1 "github.com/ringtrip/ringtrip/signaling/ringtripv1"
)

// block is a code block of a page.
type block struct{ kind, text string }

var fence = regexp.MustCompile("(?ms)^```(sh[^\n]*)\n(.*?)^```")

// blocks returns the blocks with shell commands of a page of docs/.
func blocks(t *testing.T, page string) (string, []block) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		all = append(all, block{strings.TrimSpace(strings.TrimPrefix(m[1], "sh")), m[2]})
	}
	return string(text), all
}

// follow runs a page's commands as they stand there, in an empty folder, one after the other. The block "server" is what
// runs meanwhile; blocks "elsewhere" need what is not here.
func follow(t *testing.T, page string, tools ...string) string {
	t.Helper()
	for _, tool := range append(tools, "bash") {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here: the commands of docs/%s were NOT run; install it (apt-get install %s)", tool, page, tool)
		}
	}
	_, all := blocks(t, page)
	t.Chdir(t.TempDir())
	var before, after strings.Builder
	var serving []string
	for _, b := range all {
		switch {
		case b.kind == "elsewhere":
		case b.kind == "server":
			serving = strings.Fields(strings.ReplaceAll(b.text, "\\\n", " "))
			if serving[0] != "ringtrip" || serving[1] != "serve" {
				t.Fatalf("docs/%s: the server block does not start one: %q", page, b.text)
			}
		case serving == nil:
			before.WriteString(b.text)
		default:
			after.WriteString(b.text)
		}
	}
	out := script(t, page, before.String())
	if serving == nil {
		return out
	}
	var args []string
	for i := 2; i < len(serving); i++ {
		if serving[i] == "--listen" {
			i++ // the test takes any free port
			continue
		}
		args = append(args, serving[i])
	}
	c := serveChild(t, args...)
	text := strings.ReplaceAll(after.String(), "http://127.0.0.1:8787", c.url)
	if m := regexp.MustCompile(`admin=(http://\S+)`).FindStringSubmatch(c.log.String()); m != nil {
		text = strings.ReplaceAll(text, "http://127.0.0.1:8788", m[1])
	}
	return out + script(t, page, strings.ReplaceAll(text, "$(pidof ringtrip)", strconv.Itoa(c.cmd.Process.Pid)))
}

// script runs shell commands, with this program as ringtrip.
func script(t *testing.T, page, text string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", "ringtrip() { RINGTRIP_TEST_COMMAND=1 "+self+" \"$@\"; }\n"+text)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("the commands of docs/%s: %v\n%s", page, err, &out)
	}
	return out.String()
}

// TestAPIPage runs every command of docs/api.md against a server, and checks that no method is missing there.
func TestAPIPage(t *testing.T) {
	text, _ := blocks(t, "api.md")
	services := v1.File_ringtrip_v1_ringtrip_proto.Services()
	for i := range services.Len() {
		methods := services.Get(i).Methods()
		for j := range methods.Len() {
			if path := "/" + string(services.Get(i).FullName()) + "/" + string(methods.Get(j).Name()); !strings.Contains(text, path) {
				t.Errorf("docs/api.md does not show %s", path)
			}
		}
	}
	out := follow(t, "api.md", "curl", "jq")
	for _, want := range []string{"ready", `"state":"CALL_STATE_RINGING"`, `"hello"`, `"answered_elsewhere"`, "END_REASON_HUNGUP", "END_REASON_CANCELLED", "END_REASON_DECLINED", "STAGE_CALL_ENDED", "OpenTelemetry trace"} {
		if !strings.Contains(strings.ReplaceAll(out, `": "`, `":"`), want) {
			t.Errorf("the commands of docs/api.md do not show %s:\n%s", want, out)
		}
	}
}

// TestOperationsPage runs the commands of docs/operations.md, and checks that its tables have every metric and outcome.
func TestOperationsPage(t *testing.T) {
	text, _ := blocks(t, "operations.md")
	for _, name := range observe.NewMetrics("").Names() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/operations.md does not tell of %s", name)
		}
	}
	for reason, means := range server.NotRungReasons {
		if !strings.Contains(text, "| `"+reason+"` | "+means+" |") {
			t.Errorf("docs/operations.md does not say that %s means: %s", reason, means)
		}
	}
	out := follow(t, "operations.md", "curl")
	for _, want := range []string{"ok, 1 app(s)", "skip  clock", "ready", "ringtrip_build_info", `did you mean "listen"?`, "no calls yet", "9c14dabd"} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands of docs/operations.md do not show %s:\n%s", want, out)
		}
	}
}

// TestSecurityPage runs the commands of docs/security.md: a key is rotated, and an API key used, without a restart.
func TestSecurityPage(t *testing.T) {
	out := follow(t, "security.md", "curl", "openssl")
	// A token, the check of the configuration, and two answers of a user who has no history.
	for _, want := range []string{"eyJ", "ok, 1 app(s)", "{}"} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands of docs/security.md do not show %s:\n%s", want, out)
		}
	}
	if n := strings.Count(out, "{}"); n != 2 {
		t.Errorf("%d requests of docs/security.md were answered, want 2:\n%s", n, out)
	}
}

// TestWebhooksPage runs the commands of docs/webhooks.md, the server and the receiver that they start among them; the test
// says which ports.
func TestWebhooksPage(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here: the commands of docs/webhooks.md were NOT run", tool)
		}
	}
	text, all := blocks(t, "webhooks.md")
	var commands strings.Builder
	for _, b := range all {
		if b.kind != "" {
			t.Errorf("docs/webhooks.md has commands that the test does not run: %q", b.text)
		}
		commands.WriteString(b.text)
	}
	for _, m := range regexp.MustCompile("`(ringtrip [^`]*--[^`]*)`").FindAllStringSubmatch(text, -1) { // those within sentences
		commands.WriteString(m[1] + "\n")
	}
	t.Chdir(t.TempDir())
	server, receiver := freeAddress(t), freeAddress(t)
	t.Setenv("RINGTRIP_SERVER", "http://"+server)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// What runs in the background is ended by its own id, whatever comes of the rest.
	page := `
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
ringtrip() {
	case "$1 $2" in
	serve*) RINGTRIP_TEST_COMMAND=1 exec ` + self + ` "$@" --listen ` + server + ` ;;
	"webhook listen") RINGTRIP_TEST_COMMAND=1 exec ` + self + ` "$@" --listen ` + receiver + ` ;;
	*) RINGTRIP_TEST_COMMAND=1 ` + self + ` "$@" ;;
	esac
}
` + strings.NewReplacer("127.0.0.1:8787", server, "127.0.0.1:8790", receiver).Replace(commands.String())
	out := script(t, "webhooks.md", page)
	for _, want := range []string{"ready", "main  ", "taken: 204 after", "webhook.test", "0 dead", "0 on their way", "it was not disabled", "whsk_", "whpk_"} {
		if !strings.Contains(out, want) {
			t.Errorf("the commands of docs/webhooks.md do not show %s:\n%s", want, out)
		}
	}
}

// freeAddress returns an address of this machine where nobody listens just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
