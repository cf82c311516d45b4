// LiveCommunicationKit for Linux: Apple's API on the simulated iPhone, written from Apple's public documentation. The second
// vocabulary for the same calls, beside CallKit: a conversation is what CallKit calls a call.
@_exported import Foundation
