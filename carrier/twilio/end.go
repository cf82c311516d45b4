package twilio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/ringtrip/ringtrip/carrier"
)

// notInProgress is Twilio's error 21220 in an answer's body: the call is over already.
var notInProgress = regexp.MustCompile(`"code"\s*:\s*21220\b`)

// End implements carrier.Carrier: it completes each leg that Twilio has told of, the caller's first, for the callee's ends
// with it.
func (c *Carrier) End(ctx context.Context, of carrier.Call) error {
	words := slices.Sorted(maps.Keys(of.Refs))
	slices.Reverse(words) // "caller-…" before "callee-…"
	done := map[string]bool{}
	wrong := []error{c.endLeg(ctx, of.Ref, done)}
	for _, word := range words {
		wrong = append(wrong, c.endLeg(ctx, of.Refs[word], done))
	}
	return errors.Join(wrong...)
}

// endLeg completes one leg, unless it is in done or no leg. One that is gone, or over, is no error.
func (c *Carrier) endLeg(ctx context.Context, sid string, done map[string]bool) error {
	if !isSID("CA", sid) || done[sid] {
		return nil
	}
	done[sid] = true
	path := "/2010-04-01/Accounts/" + c.conf.AccountSID + "/Calls/" + sid + ".json"
	_, err := c.rest.Do(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(url.Values{"Status": {"completed"}}.Encode()))
	var answer *carrier.StatusError
	if err == nil || carrier.Gone(err) || errors.As(err, &answer) && answer.Status == http.StatusBadRequest && notInProgress.MatchString(answer.Body) {
		return nil
	}
	return fmt.Errorf("twilio: ending the leg %s: %w", sid, err)
}
