package carriertest

import (
	"encoding/json"
	"net/http"
)

// answer is what a REST API answers: a status, and a body in JSON.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who does not listen need not know
}
