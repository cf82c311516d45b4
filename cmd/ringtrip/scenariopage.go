package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ringtrip/ringtrip/callkit/callkittest"
	"github.com/ringtrip/ringtrip/iossim"
)

// The page's view of the scenarios that ringtrip brings: a list, and each of them played anew on a simulated iPhone
// of its own and recorded moment by moment. Nothing is kept, and no world outlives its answer.

// scenarioPage serves GET /demo/scenarios, the list with the knobs and rules that there are, and GET /demo/scenarios/{id}, a recording. The query of the
// latter may say os, variant and, repeatedly, knob=name=value. What it can't play it refuses as JSON, {"error": why}.
func scenarioPage() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /demo/scenarios", listScenarios)
	mux.HandleFunc("GET /demo/scenarios/{id}", recordScenario)
	return mux
}

func listScenarios(w http.ResponseWriter, _ *http.Request) {
	list, err := callkittest.List()
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, map[string]any{"scenarios": list, "knobs": iossim.KnobList(), "rules": callkittest.Rules()})
}

func recordScenario(w http.ResponseWriter, r *http.Request) {
	id, query := r.PathValue("id"), r.URL.Query()
	o := callkittest.Options{Seed: 1, OS: query.Get("os"), Variant: query.Get("variant"), Knobs: map[string]string{}}
	for _, k := range query["knob"] {
		name, value, ok := strings.Cut(k, "=")
		if !ok || name == "" {
			answer(w, http.StatusBadRequest, map[string]string{"error": fmt.Sprintf("%.60q sets no knob; write knob=name=value", k)})
			return
		}
		o.Knobs[name] = value
	}
	list, err := callkittest.List()
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	if !slices.ContainsFunc(list, func(n callkittest.Info) bool { return strings.EqualFold(n.ID, id) }) {
		answer(w, http.StatusNotFound, map[string]string{"error": fmt.Sprintf("no scenario is named %.40q", id)})
		return
	}
	recording, err := callkittest.Record(id, o)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, recording)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked has gone
}
