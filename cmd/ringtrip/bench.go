package main

// benchCmd groups the benchmarks.
type benchCmd struct {
	Ring  benchRingCmd  `cmd:"" help:"Start → accepted by APNs → reported → answered → first sound, with floors."`
	Idle  benchIdleCmd  `cmd:"" help:"Connected phones that do nothing: memory and CPU of each."`
	Calls benchCallsCmd `cmd:"" help:"Whole calls through the API of a server in a process of its own: how many a second, how long, what they cost."`
	Soak  benchSoakCmd  `cmd:"" help:"Whole calls for half an hour: does memory, or anything else of the server, grow?"`

	Push      benchPushCmd      `cmd:"" help:"Pushes a second of push/apns, of sideshow/apns2 and of bare net/http against one local APNs; cold bursts; GOAWAY."`
	PushSend  benchPushSendCmd  `cmd:"" hidden:""`
	IdleFloor benchIdleFloorCmd `cmd:"" hidden:"" help:"The server that bench idle compares with."`
}
