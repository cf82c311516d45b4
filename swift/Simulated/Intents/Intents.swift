// Intents for Linux: Apple's API for calls from Siri, Recents and suggestions, on the simulated iPhone, written from Apple's
// public documentation. Everything that is not about calls is left out.
@_exported import Foundation
