package vendors

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/agora"
)

const (
	agoraApp  = "970CA35de60c44645bbae8a215061b33"
	agoraCert = "5CFd2fd1755d40ecb72977518be15d3b"
)

// unpacked is what a token says: two ways of packing the same bytes are the same token.
func unpacked(t *testing.T, token string) []byte {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(token, "007"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

type agoraVerdict struct {
	Verified bool   `json:"verified"`
	AppID    string `json:"appId"`
	Expire   uint32 `json:"expire"`
	Services []struct {
		Type       uint16            `json:"type"`
		Privileges map[string]uint32 `json:"privileges"`
		Channel    string            `json:"channel"`
		UID        string            `json:"uid"`
	} `json:"services"`
}

func TestVendorAgoraTokens(t *testing.T) {
	o := Start(t)
	for i, one := range []struct {
		uid, expire, salt uint32
		channel           string
		rights            map[uint16]uint32
	}{
		{2882341273, 600, 1, "7d72365eb983485397e3e3f9d460bdda", map[uint16]uint32{1: 600}},
		{0, 86400, 99999998, callID, map[uint16]uint32{4: 3, 3: 86400, 2: 1, 1: 86400}},
		{1, 120, 77, "ä channel", map[uint16]uint32{agora.JoinChannel: 120, agora.PublishAudio: 0}},
	} {
		uid := ""
		if one.uid != 0 {
			uid = strconv.FormatUint(uint64(one.uid), 10)
		}
		ours, err := agora.Token{AppID: agoraApp, Issued: uint32(at.Unix()), Expire: one.expire, Salt: one.salt,
			Services: []agora.Service{{Type: agora.ServiceRTC, Privileges: one.rights, Fields: []string{one.channel, uid}}}}.Build(carrier.NewSecret(agoraCert))
		if err != nil {
			t.Fatal(err)
		}
		var theirs string
		o.Ask(at, "agora.token", map[string]any{"appId": agoraApp, "certificate": agoraCert, "at": at.Unix(), "expire": one.expire, "salt": one.salt,
			"channel": one.channel, "uid": one.uid, "privileges": one.rights}, &theirs)
		if a, b := unpacked(t, ours), unpacked(t, theirs); !bytes.Equal(a, b) {
			t.Errorf("token %d: ours says\n%x\nAgora's\n%x", i, a, b)
		}
		if _, err := agora.Parse(theirs, carrier.NewSecret(agoraCert)); err != nil {
			t.Errorf("token %d: we can't read Agora's: %v", i, err)
		}
	}
}

func TestVendorAgoraReadsOurs(t *testing.T) {
	o := Start(t)
	c, err := agora.New(agora.Config{AppID: agoraApp, Certificate: carrier.NewSecret(agoraCert)})
	if err != nil {
		t.Fatal(err)
	}
	token := tokenOf(t, c, aliceJoins(), "token")
	var v agoraVerdict
	o.Ask(at, "agora.verify", map[string]string{"certificate": agoraCert, "token": token}, &v)
	uid := fmt.Sprint(agora.UID(callID, "alice", "alice-1", true))
	if !v.Verified || v.AppID != agoraApp || len(v.Services) != 1 || v.Services[0].Channel != callID || v.Services[0].UID != uid || v.Services[0].Privileges["1"] == 0 {
		t.Errorf("Agora's package reads %+v", v)
	}
	v = agoraVerdict{}
	o.Ask(at, "agora.verify", map[string]string{"certificate": strings.Repeat("0", 32), "token": token}, &v)
	if v.Verified {
		t.Error("Agora's package verifies it with another certificate")
	}
}
