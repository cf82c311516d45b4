package twilio

import (
	"fmt"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
)

// AccessToken is what a device shows Twilio: a JSON Web Token of type twilio-fpa;v=1, signed by an API key's secret.
// Written by [AccessToken.Sign] it is byte for byte what Twilio's Node package (twilio 6.2) writes.
type AccessToken struct {
	AccountSID string
	APIKey     string
	APISecret  carrier.Secret
	Region     string // claim "twr" of the header; may be empty
	Identity   string // who the device is, 1 to 256 letters, digits and underscores
	Voice      VoiceGrant
	IssuedAt   time.Time
	Life       time.Duration // up to 24 hours
}

// VoiceGrant says what the bearer may do in Programmable Voice. The zero VoiceGrant allows nothing.
type VoiceGrant struct {
	IncomingAllow          bool
	OutgoingApplicationSID string
	OutgoingParams         map[string]string
	PushCredentialSID      string // ringtrip pushes itself; it is here for the known answers
}

type tokenHeader struct {
	Alg string `json:"alg"`
	Typ string `json:"typ"`
	Cty string `json:"cty"`
	Twr string `json:"twr,omitempty"`
}

type tokenClaims struct {
	JTI    string `json:"jti"`
	Grants struct {
		Identity string     `json:"identity"`
		Voice    voiceGrant `json:"voice"`
	} `json:"grants"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
}

type voiceGrant struct {
	Incoming *incomingGrant `json:"incoming,omitempty"`
	Outgoing *outgoingGrant `json:"outgoing,omitempty"`
	Push     string         `json:"push_credential_sid,omitempty"`
}

type incomingGrant struct {
	Allow bool `json:"allow"`
}

type outgoingGrant struct {
	Application string            `json:"application_sid"`
	Params      map[string]string `json:"params,omitempty"`
}

// Sign returns the token. Its id is the API key and the second of its making, as Twilio's packages have it.
func (t AccessToken) Sign() (string, error) {
	if t.APISecret.Empty() || !isIdentity(t.Identity) || t.Life <= 0 || t.Life > maxLife {
		return "", fmt.Errorf("twilio: a token for %.60q cannot be signed: no secret, no identity of Twilio's, or a life of %s", t.Identity, t.Life)
	}
	iat := t.IssuedAt.Unix()
	claims := tokenClaims{JTI: fmt.Sprintf("%s-%d", t.APIKey, iat), IssuedAt: iat, Expires: iat + int64(t.Life/time.Second), Issuer: t.APIKey, Subject: t.AccountSID}
	claims.Grants.Identity = t.Identity
	claims.Grants.Voice.Push = t.Voice.PushCredentialSID
	if t.Voice.IncomingAllow {
		claims.Grants.Voice.Incoming = &incomingGrant{true}
	}
	if t.Voice.OutgoingApplicationSID != "" {
		claims.Grants.Voice.Outgoing = &outgoingGrant{t.Voice.OutgoingApplicationSID, t.Voice.OutgoingParams}
	}
	return carrier.SignHS256(tokenHeader{"HS256", "JWT", "twilio-fpa;v=1", t.Region}, claims, []byte(t.APISecret.Reveal()))
}
