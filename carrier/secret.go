package carrier

import "log/slog"

// Secret is a key or password of an account. However it is printed, logged or marshalled, it shows nothing; [Secret.Reveal]
// is the one way to its text.
//
// The text is behind a pointer, which package fmt does not follow: of a secret in a field that is not exported, it would
// print what is inside without asking.
type Secret struct{ text *string }

// NewSecret returns a secret.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the secret itself, for signing.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is none.
func (s Secret) Empty() bool { return s.Reveal() == "" }

const redacted = "[secret]"

func (s Secret) String() string   { return redacted }
func (s Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
