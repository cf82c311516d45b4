package callkit

import "fmt"

// The error domains of CallKit and AVFAudio.
const (
	ErrorDomain                   = "com.apple.CallKit.error"
	IncomingCallErrorDomain       = "com.apple.CallKit.error.incomingcall"
	RequestTransactionErrorDomain = "com.apple.CallKit.error.requesttransaction"
	AudioErrorDomain              = "NSOSStatusErrorDomain"
)

// Codes of [ErrorDomain] (CXErrorCode).
const (
	ErrorUnknown                   = 0
	ErrorUnentitled                = 1
	ErrorInvalidArgument           = 2
	ErrorMissingVoIPBackgroundMode = 3
)

// Codes of [IncomingCallErrorDomain] (CXErrorCodeIncomingCallError).
const (
	IncomingUnknown                 = 0
	IncomingUnentitled              = 1
	IncomingCallUUIDAlreadyExists   = 2
	IncomingFilteredByDoNotDisturb  = 3
	IncomingFilteredByBlockList     = 4
	IncomingFilteredRestrictedShare = 5
	IncomingCallIsProtected         = 6
	IncomingFilteredBySensitive     = 7
)

// Codes of [RequestTransactionErrorDomain] (CXErrorCodeRequestTransactionError).
const (
	RequestUnknown                  = 0
	RequestUnentitled               = 1
	RequestUnknownCallProvider      = 2
	RequestEmptyTransaction         = 3
	RequestUnknownCallUUID          = 4
	RequestCallUUIDAlreadyExists    = 5
	RequestInvalidAction            = 6
	RequestMaximumCallGroupsReached = 7
	RequestCallIsProtected          = 8
)

// Error is NSError. Two errors are the same to errors.Is if domain and code agree.
type Error struct {
	Domain string
	Code   int
	Text   string // what it means, for people
}

// Error says domain, code and meaning.
func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%s %d", e.Domain, e.Code)
	}
	return fmt.Sprintf("%s %d: %s", e.Domain, e.Code, e.Text)
}

// Is reports whether target is the same NSError.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Domain == e.Domain && t.Code == e.Code
}

// Errors that glue code asks for with errors.Is.
var (
	ErrCallUUIDAlreadyExists    = &Error{Domain: IncomingCallErrorDomain, Code: IncomingCallUUIDAlreadyExists}
	ErrFilteredByDoNotDisturb   = &Error{Domain: IncomingCallErrorDomain, Code: IncomingFilteredByDoNotDisturb}
	ErrFilteredByBlockList      = &Error{Domain: IncomingCallErrorDomain, Code: IncomingFilteredByBlockList}
	ErrUnknownCallUUID          = &Error{Domain: RequestTransactionErrorDomain, Code: RequestUnknownCallUUID}
	ErrMaximumCallGroupsReached = &Error{Domain: RequestTransactionErrorDomain, Code: RequestMaximumCallGroupsReached}
	ErrInsufficientPriority     = &Error{Domain: AudioErrorDomain, Code: AudioInsufficientPriority}
)
