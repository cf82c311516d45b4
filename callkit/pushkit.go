package callkit

// PushType is PKPushType.
type PushType string

// The push types. Only the first is for calls.
const (
	PushTypeVoIP         PushType = "PKPushTypeVoIP"
	PushTypeFileProvider PushType = "PKPushTypeFileProvider" // for file provider extensions; an app without one gets no token for it
	PushTypeComplication PushType = "PKPushTypeComplication" // for watches, deprecated in iOS 13
)

// PushCredentials is PKPushCredentials.
type PushCredentials struct {
	Type  PushType
	Token []byte
}

// PushPayload is PKPushPayload; Dictionary is dictionaryPayload as JSON.
type PushPayload struct {
	Type       PushType
	Dictionary []byte
}

// VoIPPushMetadata is PKVoIPPushMetadata (iOS 26.4). MustReport false means that the app need not report a
// call: it is in the foreground, already on a call, or the push is too old.
type VoIPPushMetadata struct {
	MustReport bool
}

// PushRegistry is PKPushRegistry. The app makes one on every launch and sets the delegate before the types.
type PushRegistry interface {
	SetDelegate(PushRegistryDelegate)
	// SetDesiredPushTypes starts registration; a type that is left out is invalidated.
	SetDesiredPushTypes([]PushType)
	// PushToken is pushTokenForType:, nil if there is none yet.
	PushToken(PushType) []byte
}

// PushRegistryDelegate is PKPushRegistryDelegate: what it must implement.
type PushRegistryDelegate interface {
	DidUpdatePushCredentials(PushRegistry, PushCredentials, PushType)
	// DidReceiveIncomingPush must have reported a call when it returns, or the system kills the app (iOS 13…26.3;
	// later systems call [VoIPPushDelegate] instead if it is implemented). completion plays no part in that rule.
	DidReceiveIncomingPush(r PushRegistry, p PushPayload, t PushType, completion func())
}

// VoIPPushDelegate is the delegate method of iOS 26.4.
type VoIPPushDelegate interface {
	DidReceiveIncomingVoIPPush(r PushRegistry, p PushPayload, m VoIPPushMetadata, completion func())
}

// InvalidateDelegate is told that a token is void.
type InvalidateDelegate interface {
	DidInvalidatePushToken(PushRegistry, PushType)
}
