package webrtc

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/ringtrip/ringtrip/media"
)

const maxSections = 16 // of an SDP

// hashes are those that a certificate's fingerprint may be made with (RFC 8122 §5), without the broken ones.
var hashes = map[string]int{"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}

// checkSDP refuses what pion would find wrong only when half of it is done, or not at all: it must be SDP
// with an audio section that has a mid and Opus, and with the ICE and DTLS parameters without which nothing
// connects.
func checkSDP(data string) error {
	var d sdp.SessionDescription
	if err := d.UnmarshalString(data); err != nil {
		return fmt.Errorf("%w: reading SDP: %w", media.ErrBadMessage, err)
	}
	if n := len(d.MediaDescriptions); n == 0 || n > maxSections {
		return fmt.Errorf("%w: SDP with %d media sections; it must have 1 to %d", media.ErrBadMessage, n, maxSections)
	}
	var mids []string
	sound := false
	attributes := slices.Clone(d.Attributes)
	for _, section := range d.MediaDescriptions {
		mid, _ := section.Attribute("mid")
		if mid == "" || slices.Contains(mids, mid) {
			return fmt.Errorf("%w: SDP with a media section without a mid of its own", media.ErrBadMessage)
		}
		mids = append(mids, mid)
		sound = sound || hasOpus(section)
		attributes = append(attributes, section.Attributes...)
	}
	if !sound {
		return fmt.Errorf("%w: SDP without an audio section that has Opus (a=rtpmap:N opus/48000/2)", media.ErrBadMessage)
	}
	return checkTransport(attributes)
}

// hasOpus tells whether a section is audio and offers Opus (RFC 7587 §7).
func hasOpus(section *sdp.MediaDescription) bool {
	if section.MediaName.Media != "audio" || section.MediaName.Port.Value == 0 {
		return false
	}
	for _, a := range section.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		number, codec, _ := strings.Cut(a.Value, " ")
		n, err := strconv.Atoi(number)
		if err == nil && n >= 0 && n < 128 && slices.Contains(section.MediaName.Formats, number) && strings.EqualFold(codec, "opus/48000/2") {
			return true
		}
	}
	return false
}

// checkTransport wants ICE credentials (RFC 8839 §5.4) and a fingerprint that can be checked.
func checkTransport(attributes []sdp.Attribute) error {
	var ufrag, pwd, fingerprint bool
	for _, a := range attributes {
		switch a.Key {
		case "ice-ufrag":
			ufrag = len(a.Value) >= 4 && len(a.Value) <= 256
		case "ice-pwd":
			pwd = len(a.Value) >= 22 && len(a.Value) <= 256
		case "fingerprint":
			name, value, _ := strings.Cut(a.Value, " ")
			sum, err := hex.DecodeString(strings.ReplaceAll(value, ":", ""))
			if size := hashes[strings.ToLower(name)]; err != nil || size == 0 || len(sum) != size {
				return fmt.Errorf("%w: SDP with the fingerprint %.80q, which is none", media.ErrBadMessage, a.Value)
			}
			fingerprint = true
		}
	}
	for what, there := range map[string]bool{"ice-ufrag": ufrag, "ice-pwd": pwd, "fingerprint": fingerprint} {
		if !there {
			return fmt.Errorf("%w: SDP without a good a=%s", media.ErrBadMessage, what)
		}
	}
	return nil
}
