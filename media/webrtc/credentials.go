package webrtc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	pion "github.com/pion/webrtc/v4"
)

// Bounds of credentials.
const (
	maxCredentials = 64 << 10
	maxServers     = 16
	maxURLs        = 16
)

// urls is what the W3C's RTCIceServer has: a string or several.
type urls []string

func (u *urls) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*u = urls{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(u))
}

// parseCredentials reads {"iceServers":[{"urls":["turn:…"],"username":"…","credential":"…"}]}, as browsers
// take it. Empty credentials are no servers.
func parseCredentials(b []byte) ([]pion.ICEServer, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) > maxCredentials {
		return nil, fmt.Errorf("webrtc: credentials are %d bytes, at most %d", len(b), maxCredentials)
	}
	var c struct {
		ICEServers []struct {
			URLs       urls   `json:"urls"`
			Username   string `json:"username"`
			Credential string `json:"credential"`
		} `json:"iceServers"`
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf(`webrtc: reading credentials, which must look like {"iceServers":[{"urls":["turn:…"],"username":"…","credential":"…"}]}: %w`, err)
	}
	if len(c.ICEServers) > maxServers {
		return nil, fmt.Errorf("webrtc: credentials name %d ICE servers, at most %d", len(c.ICEServers), maxServers)
	}
	var servers []pion.ICEServer
	for i, s := range c.ICEServers {
		if len(s.URLs) == 0 || len(s.URLs) > maxURLs {
			return nil, fmt.Errorf("webrtc: ICE server %d of the credentials has %d urls; it must have 1 to %d", i+1, len(s.URLs), maxURLs)
		}
		for _, u := range s.URLs {
			switch scheme, _, _ := strings.Cut(u, ":"); scheme {
			case "stun", "stuns":
			case "turn", "turns":
				if s.Username == "" || s.Credential == "" {
					return nil, fmt.Errorf("webrtc: ICE server %d of the credentials (%s) has no username or no credential, which TURN needs", i+1, u)
				}
			default:
				return nil, fmt.Errorf("webrtc: ICE server %d of the credentials has the url %q; it must be a stun:, stuns:, turn: or turns: URL", i+1, u)
			}
		}
		server := pion.ICEServer{URLs: s.URLs}
		if s.Username != "" {
			server.Username, server.Credential = s.Username, s.Credential
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// relays reports whether one of the servers is a TURN server.
func relays(servers []pion.ICEServer) bool {
	return slices.ContainsFunc(servers, func(s pion.ICEServer) bool {
		return slices.ContainsFunc(s.URLs, func(u string) bool { return strings.HasPrefix(u, "turn") })
	})
}
