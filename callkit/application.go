package callkit

// ApplicationState is UIApplication.State.
type ApplicationState int

// The states of an app's process as the app sees it.
const (
	Active     ApplicationState = 0
	Inactive   ApplicationState = 1
	Background ApplicationState = 2
)

// Application is UIApplication.shared.
type Application interface {
	State() ApplicationState
	// SetDelegate sets who is told of the app's life, on the main queue.
	SetDelegate(ApplicationDelegate)
	// BeginBackgroundTask asks for time after the app left the foreground; end gives it back. Without it, or
	// after about 30 s, the process is suspended and what it had under way stands still.
	BeginBackgroundTask(name string, expired func()) (end func())
}

// ApplicationDelegate is UIApplicationDelegate, as far as call apps need it.
type ApplicationDelegate interface {
	DidBecomeActive()
	DidEnterBackground()
	// ContinueUserActivity is application:continueUserActivity:, as after a tap in Recents.
	ContinueUserActivity(UserActivity)
}
