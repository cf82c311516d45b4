package vendors

import (
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/carrier"
	"github.com/ringtrip/ringtrip/carrier/daily"
)

// TestVendorDailyTokens: Daily has no package for servers. What it documents is a JSON Web Token signed by HS256 with the API
// key, so the package that most vendors use has to verify it, for as long as it is good.
func TestVendorDailyTokens(t *testing.T) {
	o := Start(t)
	const key = "pk_0123456789abcdef0123456789abcdef"
	c, err := daily.New(daily.Config{Domain: "example", DomainID: "3eb0a1c2-5f2e-4c1f-9a54-3a8f1a5e1c11", APIKey: carrier.NewSecret(key), TokenLife: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	token := tokenOf(t, c, aliceJoins(), "token")
	var claims struct {
		Room   string `json:"r"`
		Domain string `json:"d"`
	}
	o.Ask(at, "jwt.verify", map[string]string{"token": token, "key": key, "algorithm": "HS256"}, &claims)
	if claims.Room != callID || claims.Domain == "" {
		t.Errorf("it reads %+v", claims)
	}
	o.Refuses(at.Add(2*time.Hour), "jwt.verify", map[string]string{"token": token, "key": key, "algorithm": "HS256"})
	o.Refuses(at, "jwt.verify", map[string]string{"token": token, "key": key + "x", "algorithm": "HS256"})
}
