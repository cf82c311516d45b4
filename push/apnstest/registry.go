package apnstest

import (
	"crypto/ecdsa"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ringtrip/ringtrip/push"
)

// teamKey is a provider key as the developer account knows it.
type teamKey struct {
	team   string
	pub    *ecdsa.PublicKey
	env    push.Environment // 0: good for both
	topics map[string]bool  // nil: good for all of the team's
}

// RegisterTeam makes a provider key known: provider tokens of this team signed with it are believed. A team may have
// several keys; a key ID that is registered again is replaced.
func (s *Server) RegisterTeam(team, keyID string, pub *ecdsa.PublicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[keyID] = teamKey{team: team, pub: pub}
}

// LimitKey limits a registered key as Apple's developer site can since 2025: to one environment (0 means both; in the
// other it is answered BadEnvironmentKeyIdInToken) and to topics (none means all of the team's; others are answered
// TopicDisallowed). A topic is what goes into apns-topic. It does nothing if the key is not registered.
func (s *Server) LimitKey(keyID string, env push.Environment, topics ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, known := s.keys[keyID]
	if !known {
		return
	}
	k.env, k.topics = env, nil
	for _, topic := range topics {
		if k.topics == nil {
			k.topics = map[string]bool{}
		}
		k.topics[topic] = true
	}
	s.keys[keyID] = k
}

// RegisterApp makes an app of a team known; the topic of its VoIP pushes is bundleID + ".voip", of its alerts bundleID.
func (s *Server) RegisterApp(bundleID, team string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps[bundleID] != team {
		s.apps[bundleID] = team
		s.appsSeen++
		s.appSince[bundleID] = s.appsSeen
	}
}

// IssueToken registers an app on a new device, which is online, for VoIP pushes and returns its token, 64 hexadecimal
// digits. It is [Server.Issue] with the topic bundleID + ".voip".
func (s *Server) IssueToken(bundleID string, env push.Environment, deliver func(Delivery)) (token string) {
	return s.Issue(Registration{Topic: bundleID + ".voip", Environment: env, Deliver: deliver})
}

// IssueAlertToken registers an app on a new device, which is online, for ordinary pushes (alert and background) and
// returns its token, which is another one than for VoIP. It is [Server.Issue] with the topic bundleID.
func (s *Server) IssueAlertToken(bundleID string, env push.Environment, deliver func(Delivery)) (token string) {
	return s.Issue(Registration{Topic: bundleID, Environment: env, Deliver: deliver})
}

// Registration is an app on a device that wants pushes.
type Registration struct {
	// Topic is what the token is good for: the bundle ID, with the suffix of the push type if it has one, as ".voip".
	Topic       string
	Environment push.Environment
	// Token is the token to issue in hexadecimal digits; empty means a new one of 64 digits.
	Token string
	// Deliver gets every push accepted for the token, one after the other, in order, on a goroutine of the server. It may
	// call the server's methods except [Server.Close]; it must return, for Close waits for it. Nil throws the pushes away.
	Deliver func(Delivery)
}

// Issue registers an app on a device, which is online, and returns its token. A token that was issued before is
// replaced.
func (s *Server) Issue(r Registration) (token string) {
	if r.Deliver == nil {
		r.Deliver = func(Delivery) {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Token == "" {
		var raw [32]byte
		if _, err := io.ReadFull(s.cfg.Rand, raw[:]); err != nil {
			panic(fmt.Sprintf("apnstest: reading 32 bytes from Config.Rand for a device token: %v", err))
		}
		r.Token = hex.EncodeToString(raw[:])
	}
	token = strings.ToLower(r.Token)
	s.devices[token] = &device{topic: r.Topic, env: r.Environment, online: true, deliver: r.Deliver}
	return token
}

// Unregister makes a token dead since at, as when the app is deleted: pushes are answered 410 Unregistered with that
// time; the zero time means now. It does nothing if the token was not issued here.
func (s *Server) Unregister(token string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.IsZero() {
		at = s.cfg.Now()
	}
	if d := s.devices[token]; d != nil {
		d.deadSince = at
		d.stored = nil
	}
}

// SetOnline says whether the device of a token can be reached. Coming online delivers, late, what was stored for it
// and has not expired. It does nothing if the token was not issued here.
func (s *Server) SetOnline(token string, online bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[token]
	if d == nil || d.online == online {
		return
	}
	d.online = online
	if !online || d.stored == nil {
		return
	}
	st := d.stored
	d.stored = nil
	if st.keepsUntil.IsZero() || s.cfg.Now().Before(st.keepsUntil) {
		st.delivery.Late = true
		s.enqueueLocked(d, st.delivery)
	}
}
