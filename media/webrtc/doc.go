// Package webrtc carries a call's sound by WebRTC, in pure Go: it implements media.Factory on pion, with Opus,
// trickle ICE, DTMF by RFC 4733, and a small adaptive jitter buffer. Its far end is another one like it, or
// a browser.
//
// Sound comes from an audio.Source and goes to an audio.Sink, so a simulated phone sings, plays and records.
// It touches no sound card, cancels no echo, carries no video, and is no server between calls: it has one
// connection a session, each with sockets of its own. (A UDP mux tells peers apart by their address; many
// sessions in one process would share that, too.)
//
// Before StartAudio no RTP is sent at all and received RTP is thrown away; the transport is kept alive by
// ICE alone. On hold it is the same. A muted session sends encoded silence, so that the far end's jitter
// buffer and statistics stay as they are.
package webrtc
