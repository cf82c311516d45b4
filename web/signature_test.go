package web_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/ringtrip/ringtrip/media/audio"
)

var update = flag.Bool("update", false, "write test/signature.json anew")

// TestSignaturesAreOneDefinition holds test/signature.json to package media/audio; the page's own tests hold the
// page to test/signature.json. So the browser knows a phone's voice, and a phone the browser's.
func TestSignaturesAreOneDefinition(t *testing.T) {
	type melody struct {
		ID      int     `json:"id"`
		Length  int     `json:"length"`
		Samples []int16 `json:"samples"`
	}
	golden := struct {
		Every    int            `json:"every"`
		Names    map[string]int `json:"names"`
		Melodies []melody       `json:"melodies"`
	}{Every: 97, Names: map[string]int{}}
	for _, name := range []string{"", "alice", "alice-web", "bob-1", "bob-2", "Bülent"} {
		golden.Names[name] = audio.SignatureOf(name)
	}
	for _, id := range []int{0, 1, 42, 300, 511} {
		round := make([]int16, audio.Rate*48/100) // four notes of 100 ms and a breath of 80
		audio.NewSignature(id).Read(round)
		m := melody{ID: id, Length: len(round)}
		for i := 0; i < len(round); i += golden.Every {
			m.Samples = append(m.Samples, round[i])
		}
		golden.Melodies = append(golden.Melodies, m)
	}
	want, err := json.Marshal(golden)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("test/signature.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("test/signature.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("media/audio has other signatures than test/signature.json: run go test ./web -update, then npm test in web, and fit src/lib/signature.ts")
	}
}
