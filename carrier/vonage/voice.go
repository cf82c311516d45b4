package vonage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/carrier"
)

// What a device passes to serverCall, and gets back to us in the answer hook's custom_data. "to" is the one key that Vonage
// repeats in the leg's events, so it has the call's id too.
type voiceContext struct {
	To     string `json:"to"`
	Call   string `json:"ringtrip_call"`
	Device string `json:"ringtrip_device"`
}

func (c *Carrier) voiceCredentials(j carrier.Join) (json.RawMessage, error) {
	if !j.Caller && j.Call.State != carrier.Answered {
		return nil, nil // joining is answering
	}
	jwt, err := c.userToken(j.Self.User, j.Now)
	if err != nil {
		return nil, err
	}
	return carrier.Compact(struct {
		JWT     string       `json:"jwt"`
		Context voiceContext `json:"context"`
	}{jwt, voiceContext{j.Call.ID, j.Call.ID, j.Self.Device}})
}

// ensureUser makes a user at Vonage if there is none: a token for a user that does not exist opens no session.
func (c *Carrier) ensureUser(ctx context.Context, p carrier.Party) error {
	name := UserName(p.User)
	if _, known := c.users.get(name); known || c.cfg.UsersExist {
		return nil
	}
	body, err := carrier.Compact(struct {
		Name    string `json:"name"`
		Display string `json:"display_name,omitempty"`
	}{name, p.Name})
	if err != nil {
		return err
	}
	if _, err = c.rest.Do(ctx, http.MethodPost, "/v1/users", "application/json", body); err != nil && !exists(err) {
		return fmt.Errorf("vonage: making user %.80q: %w", name, err)
	}
	c.users.put(name, struct{}{})
	return nil
}

// exists reports whether Vonage refused to make a user because it has it.
func exists(err error) bool {
	var s *carrier.StatusError
	return errors.As(err, &s) && (s.Status == http.StatusConflict || s.Status/100 == 4 && strings.Contains(s.Body, "user:error:duplicate-name"))
}

// The words of carrier.Call.Refs. A side that joins by another device has another leg, "caller.2".
const (
	callerLeg = "caller"
	calleeLeg = "callee"
	phoneLeg  = "phone"
)

// legRef is the word for a side's leg: the one it has already, or the first that is free.
func legRef(call carrier.Call, side, leg string) string {
	word := side
	for n := 2; n < 10; n++ {
		if have := call.Refs[word]; have == "" || have == leg {
			break
		}
		word = fmt.Sprintf("%s.%d", side, n)
	}
	return word
}

// legs are all legs of a call that are known.
func legs(call carrier.Call) []string {
	all := map[string]bool{}
	if call.Ref != "" && call.Ref != call.ID {
		all[call.Ref] = true
	}
	for word, leg := range call.Refs {
		side, _, _ := strings.Cut(word, ".")
		if leg != "" && slices.Contains([]string{callerLeg, calleeLeg, phoneLeg}, side) {
			all[leg] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// endLegs hangs up whatever is left of a call.
func (c *Carrier) endLegs(ctx context.Context, call carrier.Call) error {
	var errs []error
	for _, leg := range legs(call) {
		if err := c.hangUp(ctx, leg); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (c *Carrier) hangUp(ctx context.Context, leg string) error {
	if !isLeg(leg) {
		return nil
	}
	_, err := c.rest.Do(ctx, http.MethodPut, "/v1/calls/"+leg, "application/json", []byte(`{"action":"hangup"}`))
	if err == nil || carrier.Gone(err) {
		return nil
	}
	var s *carrier.StatusError
	if errors.As(err, &s) && (s.Status == http.StatusBadRequest || s.Status == http.StatusConflict) && c.isOver(ctx, leg) {
		return nil // what it answers for a leg that is over is not documented
	}
	return fmt.Errorf("vonage: hanging up %s: %w", leg, err)
}

func (c *Carrier) isOver(ctx context.Context, leg string) bool {
	body, err := c.rest.Do(ctx, http.MethodGet, "/v1/calls/"+leg, "", nil)
	if err != nil {
		return carrier.Gone(err)
	}
	var call struct {
		Status string `json:"status"`
	}
	return json.Unmarshal(body, &call) == nil && rank(call.Status) == rankOver
}

// isLeg reports whether s may be a leg's name, which goes into a URL: a UUID, with or without its dashes.
func isLeg(s string) bool {
	if len(s) != 32 && len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == '-') {
			return false
		}
	}
	return true
}
