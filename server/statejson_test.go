package server

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/call"
)

// fill sets everything in v to something, and with some chance leaves it as it is.
func fill(v reflect.Value, r *rand.Rand, chance float64) {
	if r.Float64() >= chance {
		return
	}
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(4e9), r.Int64N(1e9)).UTC()))
		return
	case reflect.TypeFor[call.Reason]():
		v.Set(reflect.ValueOf(call.Reason(1 + r.IntN(int(call.ServerEnded)))))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r, chance)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), r, chance)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(4), 9))
		for i := range v.Len() {
			fill(v.Index(i), r, chance)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), r, chance)
	case reflect.String:
		v.SetString([]string{"plain-1", `"quoted" \`, "Bob’s \x00\n\t<&>", "\u2028"}[r.IntN(4)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + r.IntN(3) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, r, chance)
			fill(value, r, chance)
			v.SetMapIndex(key, value)
		}
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(1 + r.Uint64N(100))
	case reflect.Int8, reflect.Int, reflect.Int64:
		v.SetInt(r.Int64N(200) - 100)
	default:
		panic(fmt.Sprintf("the state has a %s: teach it to appendJSON and to this test", v.Type()))
	}
}

// Whatever the state holds is written as encoding/json would write it, so that this version, older and newer ones read it.
func TestStateJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 2000 {
		var st state
		chance := 1.0
		if n > 0 {
			chance = r.Float64()
		}
		fill(reflect.ValueOf(&st).Elem(), r, chance)
		if n%2 == 1 {
			clear(st.Fork.Legs[r.IntN(len(st.Fork.Legs)):])
		}
		text := st.appendJSON(nil)
		want, err := json.Marshal(&st)
		if err != nil {
			t.Fatal(err)
		}
		var got, same state
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		if err := json.Unmarshal(want, &same); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, same) {
			t.Fatalf("written as\n%s\nand by encoding/json as\n%s", text, want)
		}
		var plain, other map[string]any
		if json.Unmarshal(text, &plain) != nil || json.Unmarshal(want, &other) != nil {
			t.Fatal("no objects")
		}
		delete(plain["fork"].(map[string]any), "legs")
		delete(other["fork"].(map[string]any), "legs")
		if !reflect.DeepEqual(plain, other) {
			t.Fatalf("written as\n%s\nand by encoding/json as\n%s", text, want)
		}
	}
}

func BenchmarkStateJSON(b *testing.B) {
	var st state
	fill(reflect.ValueOf(&st).Elem(), rand.New(rand.NewPCG(1, 2)), 0.8)
	b.Run("appendJSON", func(b *testing.B) {
		for b.Loop() {
			st.appendJSON(nil)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		for b.Loop() {
			_, _ = json.Marshal(&st)
		}
	})
}
