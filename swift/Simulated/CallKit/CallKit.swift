// CallKit for Linux: Apple's API on the simulated iPhone, written from Apple's public documentation. It decides nothing: it
// translates between the app's objects and the messages of a SimulatedProcess.
//
// On an iPhone the optional methods of a delegate are Objective-C's, and the system asks which of them there are. Swift
// alone can't be asked: here every method has a default, and that the default ran tells the phone that the app's own is
// missing, so that what an iPhone does then happens.
@_exported import Foundation
