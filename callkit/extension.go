package callkit

import "time"

// NotificationServiceErrorDomain is CXErrorDomainNotificationServiceExtension (iOS 14.5).
const NotificationServiceErrorDomain = "com.apple.CallKit.error.notificationserviceextension"

// Codes of [NotificationServiceErrorDomain] (CXErrorCodeNotificationServiceExtensionError).
const (
	NotificationServiceUnknown                     = 0
	NotificationServiceInvalidClientProcess        = 1
	NotificationServiceMissingFilteringEntitlement = 2
)

// Errors of [VoIPPushReporter] that glue code asks for with errors.Is.
var (
	ErrInvalidClientProcess                    = &Error{Domain: NotificationServiceErrorDomain, Code: NotificationServiceInvalidClientProcess}
	ErrMissingNotificationFilteringEntitlement = &Error{Domain: NotificationServiceErrorDomain, Code: NotificationServiceMissingFilteringEntitlement}
)

// VoIPPushReporter is the class method reportNewIncomingVoIPPushPayload:completion: of CXProvider (iOS 14.5). It
// hands the app a VoIP push that never came over the network: a notification service extension that has decrypted an
// alert and found a call in it. Both an [Extension] and a [System] may be asked for it with a type assertion; from a
// process that is no notification service extension it completes with [ErrInvalidClientProcess], from one without the
// notification filtering entitlement with [ErrMissingNotificationFilteringEntitlement].
type VoIPPushReporter interface {
	// ReportNewIncomingVoIPPushPayload returns at once. payload is a JSON object: dictionaryPayload of the push
	// that the app's registry will get. completion (may be nil) comes on a private serial queue.
	ReportNewIncomingVoIPPushPayload(payload []byte, completion func(error))
}

// Extension is the process of an app extension as its code sees it. It shares nothing with the app's process and
// lives for seconds.
type Extension interface {
	VoIPPushReporter
	// MainQueue is the queue of the extension's main thread.
	MainQueue() Queue
	// Now is the device's clock.
	Now() time.Time
	// AfterFunc runs f on the main queue after d, unless the process ends or the timer is stopped first.
	AfterFunc(d time.Duration, f func()) Timer
}

// NotificationService is UNNotificationServiceExtension: code that may change an alert push with mutable-content
// before it is shown, as by decrypting it. The system makes one for each push.
type NotificationService interface {
	// DidReceive is didReceiveNotificationRequest:withContentHandler:, on the main queue. handler must be called
	// within about 30 s, with what is to be shown; with the notification filtering entitlement a zero
	// content shows nothing.
	DidReceive(x Extension, r NotificationRequest, handler func(NotificationContent))
	// ServiceExtensionTimeWillExpire is the last moment to call the handler. If it is not, the push is
	// shown as it came.
	ServiceExtensionTimeWillExpire()
}

// NotificationRequest is UNNotificationRequest.
type NotificationRequest struct {
	Identifier string
	Content    NotificationContent
}

// NotificationContent is UNNotificationContent; UserInfo is the payload of the push as JSON.
type NotificationContent struct {
	Title    string
	Body     string
	UserInfo []byte
}

// IsZero reports whether there is nothing to show.
func (c NotificationContent) IsZero() bool { return c.Title == "" && c.Body == "" }
