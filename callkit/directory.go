package callkit

// CallDirectoryErrorDomain is CXErrorDomainCallDirectoryManager.
const CallDirectoryErrorDomain = "com.apple.CallKit.error.calldirectorymanager"

// Codes of [CallDirectoryErrorDomain] (CXErrorCodeCallDirectoryManagerError).
const (
	CallDirectoryUnknown                      = 0
	CallDirectoryNoExtensionFound             = 1
	CallDirectoryLoadingInterrupted           = 2
	CallDirectoryEntriesOutOfOrder            = 3
	CallDirectoryDuplicateEntries             = 4
	CallDirectoryMaximumEntriesExceeded       = 5
	CallDirectoryExtensionDisabled            = 6
	CallDirectoryCurrentlyLoading             = 7
	CallDirectoryUnexpectedIncrementalRemoval = 8
)

// CallDirectoryEnabledStatus is CXCallDirectoryEnabledStatus: whether the user lets an extension block and identify.
type CallDirectoryEnabledStatus int

// The states of a call directory extension in Settings.
const (
	CallDirectoryUnknownStatus CallDirectoryEnabledStatus = 0
	CallDirectoryDisabled      CallDirectoryEnabledStatus = 1
	CallDirectoryEnabled       CallDirectoryEnabledStatus = 2
)

// CallDirectoryPhoneNumber is CXCallDirectoryPhoneNumber: country code and number in digits, as 14085550123.
type CallDirectoryPhoneNumber int64

// CallDirectoryPhoneNumberMax is CXCallDirectoryPhoneNumberMax, the largest one: 15 digits (ITU-T E.164).
const CallDirectoryPhoneNumberMax CallDirectoryPhoneNumber = 999_999_999_999_999

// CallDirectoryProvider is CXCallDirectoryProvider: the code of a call directory extension, which gives the system
// numbers to block and names for numbers beforehand; it never hears of a call. The system makes one for each request.
type CallDirectoryProvider interface {
	// BeginRequest is beginRequestWithExtensionContext:. It adds and removes entries and then completes the
	// request, in this call or later.
	BeginRequest(CallDirectoryExtensionContext)
}

// CallDirectoryExtensionContext is CXCallDirectoryExtensionContext. Numbers are added in ascending order, those to
// block and those to identify apart. What is wrong with an entry is told to the delegate and fails the reload; the
// entries of the reload before stay.
type CallDirectoryExtensionContext interface {
	// SetDelegate sets who is told that the request failed; nil for nobody.
	SetDelegate(CallDirectoryExtensionContextDelegate)
	// IsIncremental reports whether the entries of the request before are kept and only changes are wanted.
	IsIncremental() bool
	// AddBlockingEntry is addBlockingEntryWithNextSequentialPhoneNumber:.
	AddBlockingEntry(next CallDirectoryPhoneNumber)
	// RemoveBlockingEntry is removeBlockingEntryWithPhoneNumber:, only when incremental.
	RemoveBlockingEntry(CallDirectoryPhoneNumber)
	// RemoveAllBlockingEntries is allowed only when incremental.
	RemoveAllBlockingEntries()
	// AddIdentificationEntry is addIdentificationEntryWithNextSequentialPhoneNumber:label:.
	// several labels.
	AddIdentificationEntry(next CallDirectoryPhoneNumber, label string)
	// RemoveIdentificationEntry is removeIdentificationEntryWithPhoneNumber:, only when incremental.
	RemoveIdentificationEntry(CallDirectoryPhoneNumber)
	// RemoveAllIdentificationEntries is allowed only when incremental.
	RemoveAllIdentificationEntries()
	// CompleteRequest is completeRequestWithCompletionHandler:. completion (may be nil) is told whether the
	// request had expired before.
	CompleteRequest(completion func(expired bool))
}

// CallDirectoryExtensionContextDelegate is CXCallDirectoryExtensionContextDelegate.
type CallDirectoryExtensionContextDelegate interface {
	// RequestFailed is requestFailedForExtensionContext:withError:; err is of [CallDirectoryErrorDomain].
	RequestFailed(c CallDirectoryExtensionContext, err error)
}

// CallDirectoryManager is CXCallDirectoryManager: the app's side. Completions (may be nil) come on a private queue
// with an [*Error] of [CallDirectoryErrorDomain] or nil.
type CallDirectoryManager interface {
	// ReloadExtension has the extension asked again, for it has news.
	ReloadExtension(identifier string, completion func(error))
	// EnabledStatus is getEnabledStatusForExtensionWithIdentifier:completionHandler:.
	EnabledStatus(identifier string, completion func(CallDirectoryEnabledStatus, error))
	// OpenSettings shows the user where to enable the extension (iOS 13.4).
	OpenSettings(completion func(error))
}

// CallDirectory is what a [System] is asked for by a type assertion: CXCallDirectoryManager.sharedInstance.
type CallDirectory interface {
	CallDirectoryManager() CallDirectoryManager
}
