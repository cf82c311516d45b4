// Package callkit is Apple's call system as Go interfaces and words: CallKit, PushKit, the audio session,
// Intents. It has no behaviour. The simulated iPhone (package iossim) implements it on Linux, the Swift
// package on an iPhone; the engine (package phone) and any other glue code is written against it.
//
// Names are Apple's without the CX and PK prefixes. Where Objective-C has an optional delegate method, Go has
// an interface of one method that a delegate may implement besides the required one: the system asks with a
// type assertion, as Apple's does with respondsToSelector.
//
// All methods return at once: whatever the system has to say comes later, on the queue that was given
// (Apple: the delegate queue, nil = main). Completion handlers therefore stay asynchronous.
//
// Written from Apple's public documentation and headers (iOS 26.4).
package callkit

import "time"

// System is one iPhone as one process of one app sees it. A new process gets a new System: nothing of the
// old one works any more.
type System interface {
	// NewProvider is CXProvider initWithConfiguration. An app makes one for its life.
	NewProvider(ProviderConfiguration) Provider
	// NewCallController is CXCallController initWithQueue; nil is a private serial queue.
	NewCallController(Queue) CallController
	// NewCallObserver is CXCallObserver init.
	NewCallObserver() CallObserver
	// NewPushRegistry is PKPushRegistry initWithQueue; nil is the main queue.
	NewPushRegistry(Queue) PushRegistry
	// AudioSession is AVAudioSession.sharedInstance.
	AudioSession() AudioSession
	// Application is UIApplication.shared.
	Application() Application
	// MainQueue is the queue of the main thread.
	MainQueue() Queue
	// Now is the device's clock, which may be wrong and may jump.
	Now() time.Time
	// AfterFunc runs f on the main queue after d, measured by a clock that never jumps, unless the process
	// ends or the timer is stopped first. While the process is suspended it waits.
	AfterFunc(d time.Duration, f func()) Timer
}

// Queue is a serial dispatch queue. Work on one queue runs in order and one at a time.
type Queue interface {
	// Async is dispatch_async: it never runs f before it returns, and never blocks.
	Async(f func())
}

// Timer is a pending AfterFunc.
type Timer interface {
	// Stop keeps the function from running and reports whether it was still to run.
	Stop() bool
}

// App is a program that is installed on an iPhone: the system makes one for each process.
type App interface {
	// DidFinishLaunching is application:didFinishLaunchingWithOptions:. It runs on the main queue of the new
	// process. An app that takes VoIP pushes makes its PushRegistry here, on every launch (Apple: Responding
	// to VoIP Notifications from PushKit).
	DidFinishLaunching(System, LaunchOptions)
}

// LaunchOptions says why a process was started.
type LaunchOptions struct {
	Background   bool          // started by the system, not by the user
	UserActivity *UserActivity // what to go on with, as a tap in Recents; nil otherwise
}
