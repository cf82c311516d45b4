package webhook_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ringtrip/ringtrip/server/webhook"
)

func ExampleVerifier() {
	verifier, err := webhook.NewVerifier("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") // the old one too, while it changes
	if err != nil {
		fmt.Println(err)
		return
	}
	http.HandleFunc("POST /ringtrip", func(w http.ResponseWriter, r *http.Request) {
		event, err := verifier.Read(r)
		if errors.Is(err, webhook.ErrSignature) || errors.Is(err, webhook.ErrTimestamp) {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// Skip event.ID if it was seen before; keep the event; only then say that it was taken.
		if event.Type == webhook.CallMissed {
			fmt.Println(event.Data.Call.Callee.UserID, "missed a call of", event.Data.Call.Caller.Name)
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
