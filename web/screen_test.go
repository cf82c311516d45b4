package web_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringtrip/ringtrip/iossim"
)

// TestScreenTypesHaveEveryField walks iossim.Screen and all that is in it, and wants each name that it has in
// JSON declared in the interface of the same name in src/screen.ts.
func TestScreenTypesHaveEveryField(t *testing.T) {
	source, err := os.ReadFile("src/screen.ts")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ] {
			return
		}
		seen[typ] = true
		inline := typ.Name() == "Handle" // written where it is used
		declared := string(source)
		if !inline {
			m := regexp.MustCompile(`(?s)export interface ` + typ.Name() + ` \{(.*?)\n\}`).FindSubmatch(source)
			if m == nil {
				t.Errorf("src/screen.ts has no interface %s", typ.Name())
				return
			}
			declared = string(m[1])
		}
		for field := range typ.Fields() {
			if !field.IsExported() {
				continue
			}
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				t.Errorf("%s.%s has no name in JSON", typ.Name(), field.Name)
				continue
			}
			optional := strings.Contains(options, "omit")
			if !regexp.MustCompile(`\b` + name + map[bool]string{true: `\?:`, false: `:`}[optional] + ` `).MatchString(declared) {
				t.Errorf("src/screen.ts: %s lacks %s (optional: %t), which %s.%s has", typ.Name(), name, optional, typ.Name(), field.Name)
			}
			walk(field.Type)
		}
	}
	walk(reflect.TypeFor[iossim.Screen]())
	if len(seen) < 5 {
		t.Errorf("only %d structs were found below iossim.Screen", len(seen))
	}
}

// TestScreenKindsAreAllKnown wants every kind of screen drawn.
func TestScreenKindsAreAllKnown(t *testing.T) {
	source, err := os.ReadFile("src/screen.ts")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []iossim.ScreenKind{
		iossim.ScreenOff, iossim.ScreenLock, iossim.ScreenHome, iossim.ScreenApp, iossim.ScreenRecents, iossim.ScreenIncomingFull,
		iossim.ScreenIncomingBanner, iossim.ScreenConnecting, iossim.ScreenInCall, iossim.ScreenCallWaiting, iossim.ScreenCallFailed,
	} {
		if !strings.Contains(string(source), `"`+string(kind)+`"`) {
			t.Errorf("src/screen.ts does not know the screen %q", kind)
		}
	}
}
