package archtest

// table is the architecture. Leaves (iossim, media/webrtc, push/apns, store/*, bus/*) know their parent and
// the pure packages only; only cmd and capi choose leaves; phone and server never know each other.
var table = map[string]row{
	"call":    {why: "one call on one device, pure: it must compile into anything and be searched exhaustively", testing: []string{"internal/model"}},
	"fork":    {why: "one call rung on many devices, pure", ours: []string{"call"}, testing: []string{"internal/model"}},
	"callkit": {why: "Apple's words as interfaces; no behaviour, so anyone's glue code can be written against it"},

	"callkit/lck": {why: "LiveCommunicationKit, the second vocabulary for the same calls; words only, as callkit", ours: []string{"callkit"}},

	"callkit/wire": {why: "callkit as messages, for borders that functions can't cross (Go and Swift); no transport, no states",
		ours: []string{"callkit", "callkit/lck"}, testing: []string{"callkit/callkittest"}},
	"callkit/callkittest": {why: "the conformance suite and scenario runner; the simulated iPhone is its first stage",
		ours: []string{"callkit", "callkit/lck", "iossim"}},
	"iossim": {why: "a leaf: the simulated iPhone knows Apple's words and nothing of ringtrip, so it is useful alone",
		ours: []string{"callkit", "callkit/lck"}, testing: []string{"callkit/callkittest"}},

	"iossim/verdict": {why: "judges anyone's call code from outside, on the simulated iPhone; a team imports it in its tests, so it drags nothing along",
		ours: []string{"callkit", "iossim"}},

	"signaling": {why: "what phone and server say to each other; the only thing they share besides call",
		ours: []string{"call", "callkit", "signaling/..."}, others: []string{"connectrpc.com/connect", "google.golang.org/protobuf"}},
	"signaling/ringtripv1":                   {why: "generated from proto/", others: []string{"google.golang.org/protobuf"}},
	"signaling/ringtripv1/ringtripv1connect": {why: "generated from proto/", ours: []string{"signaling/ringtripv1"}, others: []string{"connectrpc.com/connect"}},

	"media":           {why: "the contract that every media SDK fits; no behaviour"},
	"media/audio":     {why: "samples: tones, WAV, recognising what is heard; pure, used by whoever makes or hears sound"},
	"media/mediatest": {why: "the conformance suite for media, and an honest fake", ours: []string{"media"}},
	"media/remote":    {why: "a leaf: media whose SDK is on the other side of a border, as Swift's", ours: []string{"media"}, testing: []string{"media/mediatest"}},
	"media/webrtc": {why: "a leaf: pion and Opus stay behind media.Session", ours: []string{"media", "media/audio"},
		others: []string{"github.com/pion", "github.com/tphakala/go-opus"}, testing: []string{"media/mediatest"}},

	"phone": {why: "the engine in the app: it must run on an iPhone, where there is no server and no simulator",
		ours:    []string{"call", "callkit", "media", "phone/switchboard", "signaling", "signaling/ringtripv1"},
		others:  []string{"google.golang.org/protobuf", "connectrpc.com/connect"},
		testing: []string{"iossim", "iossim/verdict", "media/mediatest"}},
	"phone/switchboard": {why: "several calls on one device, pure: it must be searched exhaustively", testing: []string{"internal/model"}},

	"capi": {why: "the C face: it converts strings and numbers, and is the only room with cgo",
		ours: []string{"capi/boundary", "capi/simulator"}, testing: []string{"signaling/..."}},
	"capi/simulator": {why: "a simulated iPhone behind a border as JSON, for the C face with the tag iossim; the app lives on the other side",
		ours: []string{"callkit", "callkit/callkittest", "callkit/wire", "capi/exchange"}},
	"capi/exchange": {why: "a server in memory for one device on virtual time, so that Swift tests need no network; only with the tag iossim",
		ours: []string{"call", "callkit", "signaling", "signaling/..."}, others: []string{"google.golang.org/protobuf"},
		testing: []string{"iossim", "callkit/callkittest", "media", "phone"}},
	"capi/boundary": {why: "the engine behind a border as JSON, in pure Go, so that the C face above it only converts strings",
		ours:   []string{"call", "callkit", "callkit/wire", "media", "media/remote", "phone", "signaling", "signaling/..."},
		others: []string{"connectrpc.com/connect", "google.golang.org/protobuf"}, testing: []string{"iossim", "callkit/callkittest", "internal/rig", "media/mediatest"}},

	"push":          {why: "the contract with whoever delivers pushes; no behaviour"},
	"push/apns":     {why: "a leaf: Apple's push service", ours: []string{"push"}, others: []string{"github.com/golang-jwt/jwt/v5", "golang.org/x/net"}, testing: []string{"push/apnstest"}},
	"push/apnstest": {why: "a leaf: a local APNs that behaves like Apple's", ours: []string{"push"}, others: []string{"github.com/golang-jwt/jwt/v5", "golang.org/x/net"}, testing: []string{"push/apns"}},

	"store":         {why: "the contract of what the server keeps; no behaviour"},
	"store/archive": {why: "a whole store as a stream of bytes, for any store; it knows no database", ours: []string{"store"}, testing: []string{"store/sqlite"}},
	"store/sqlite":  {why: "a leaf: the embedded default", ours: []string{"store"}, others: []string{"modernc.org/sqlite", "github.com/pressly/goose/v3"}, testing: []string{"store/storetest", "store/archive"}},
	"store/postgres": {why: "a leaf: the store of many nodes", ours: []string{"store"}, others: []string{"github.com/jackc/pgx/v5", "github.com/pressly/goose/v3"},
		testing: []string{"store/storetest", "internal/pgtest"}},
	"store/storetest": {why: "the conformance suite that every store passes", ours: []string{"store"}, others: []string{"github.com/anishathalye/porcupine", "pgregory.net/rapid"}},
	"bus":             {why: "the contract of what wakes a stream; no behaviour"},
	"bus/local":       {why: "a leaf: one process", ours: []string{"bus"}, testing: []string{"bus/bustest"}},
	"bus/nats": {why: "a leaf: between nodes, over core NATS, external or embedded; its own listeners are bus/local's", ours: []string{"bus", "bus/local"},
		others: []string{"github.com/nats-io"}, testing: []string{"bus/bustest"}},
	"bus/bustest": {why: "the conformance suite that every bus passes", ours: []string{"bus"}},

	"carrier": {why: "the contract with whoever carries media, and what all of its leaves sign and verify by; standard library only", ours: []string{"call"}},
	"carrier/carriertest": {why: "carriers on this machine, written from their documentation and not from our leaves, and the conformance suite",
		ours: []string{"call", "carrier", "media"}},
	"carrier/agora":   {why: "a leaf: Agora's tokens and notifications, without its code", ours: []string{"call", "carrier"}, testing: []string{"carrier/carriertest"}},
	"carrier/livekit": {why: "a leaf: LiveKit's tokens, webhooks and rooms, without its modules", ours: []string{"call", "carrier"}, testing: []string{"carrier/carriertest"}},
	"carrier/twilio":  {why: "a leaf: Twilio's tokens, signatures, TwiML and webhooks, without its modules", ours: []string{"call", "carrier"}, testing: []string{"carrier/carriertest"}},
	"carrier/vonage":  {why: "a leaf: Vonage's voice and video: tokens, webhooks and call control, without its modules", ours: []string{"call", "carrier"}, testing: []string{"carrier/carriertest"}},

	"server": {why: "registrar, ringing, ledger, history, API; it decides nothing that fork does not decide",
		ours:    []string{"call", "fork", "callkit", "signaling", "signaling/...", "push", "carrier", "store", "bus", "server/auth", "server/webhook"},
		others:  []string{"connectrpc.com/connect", "google.golang.org/protobuf", "github.com/google/uuid"},
		testing: []string{"store/storetest", "store/sqlite", "bus/local"}},
	"server/observe": {why: "metrics and traces of what the server tells its Observer; it keeps Prometheus and OpenTelemetry out of package server",
		ours:    []string{"call", "internal/scrub", "push", "server", "signaling/...", "store"},
		others:  []string{"connectrpc.com/connect", "connectrpc.com/otelconnect", "github.com/google/uuid", "github.com/prometheus/client_golang", "go.opentelemetry.io/otel"},
		testing: []string{"bus/local", "server/auth", "store/sqlite"}},
	"server/webhook": {why: "Standard Webhooks for both ends: receivers import it too, so it needs the standard library only"},
	"server/auth":    {why: "who may say what: tokens are minted and checked in one place, also by the command line", others: []string{"github.com/golang-jwt/jwt/v5"}},

	"proto": {why: "the wire contract; Go sees only the test that keeps generated code fresh"},

	"web": {why: "the page, embedded; its tests hold its words against what it draws and hears", testing: []string{"callkit", "iossim", "media/audio"}},

	"deploy": {why: "dashboards, alerts, units and charts; Go sees only the test that holds their names against the program", testing: []string{"server/observe"},
		others: []string{"github.com/goccy/go-yaml", "github.com/prometheus/client_golang"}},

	"internal/rig": {why: "a whole ringtrip in one process, for demo, bench and random lives; besides cmd the only one that chooses leaves",
		ours: []string{"bus/local", "call", "callkit", "iossim", "media", "media/audio", "media/webrtc", "phone", "push", "push/apns", "push/apnstest",
			"server", "server/auth", "signaling", "signaling/...", "store/sqlite"},
		others:  []string{"connectrpc.com/connect", "github.com/golang-jwt/jwt/v5"},
		testing: []string{"media/mediatest"}},
	"cmd/ringtrip": {why: "the only binary; it chooses leaves",
		ours: []string{"bus", "bus/local", "bus/nats", "call", "callkit", "callkit/callkittest", "internal/scrub", "internal/rig", "iossim", "media", "media/audio", "media/webrtc", "phone", "push",
			"push/apns", "push/apnstest", "server", "server/auth", "server/webhook", "server/observe", "signaling/...", "store", "store/archive", "store/postgres", "store/sqlite", "web"},
		others:  []string{"connectrpc.com/connect", "google.golang.org/protobuf", "github.com/alecthomas/kong", "github.com/goccy/go-yaml", "github.com/golang-jwt/jwt/v5", "golang.org/x/crypto", "golang.org/x/net", "golang.org/x/sync"},
		testing: []string{"internal/pgtest", "store/storetest"}},

	"internal/cluster": {why: "starts real servers as processes, hurts them and checks what they had promised; it knows them by their wire and their command line",
		ours: []string{"server/auth", "signaling", "signaling/..."}, others: []string{"connectrpc.com/connect", "google.golang.org/protobuf", "github.com/google/uuid"},
		testing: []string{"internal/pgtest", "push", "push/apnstest"}},
	"internal/scrub":    {why: "takes secrets out of logs; it knows texts only"},
	"internal/archtest": {why: "this test"},
	"internal/pgtest":   {why: "a real PostgreSQL for tests, from Debian's package; only tests import it", others: []string{"github.com/jackc/pgx/v5"}},
	"internal/model":    {why: "one breadth-first search for the tests of all pure machines; only tests import it"},
	"tools/coverage":    {why: "holds the table of Apple's API against the code; it reads sources and imports none of them"},
	"tools/swifttypes":  {why: "writes the boundary's types for Swift from the sources of the Go types; it imports none of them"},
	"tools/model":       {why: "runs the searches of the pure machines with larger bounds and prints the figures"},
}
