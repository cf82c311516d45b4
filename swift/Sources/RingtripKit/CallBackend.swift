import Foundation
import RingtripEngine

/// CallBackend is a call system: CallKit, LiveCommunicationKit, or none but the app's own screen. It carries the engine's
/// commands about providers, actions, controllers and observers out, and tells what the system calls back.
protocol CallBackend: AnyObject, Sendable {
    /// Which one it is.
    var system: CallSystem { get }
    /// Whether VoIP pushes may be asked for: each must be reported to a call system.
    var takesPushes: Bool { get }
    /// How many incoming calls were reported so far.
    var reports: Int { get }
    /// Carries a command out; nil if it is none of a call system's.
    func carry(_ m: SystemMessage) -> SystemMessage?
    /// Reports an incoming call that stands for a push nobody can make sense of, and ends it at once. It works without an
    /// engine, too.
    func reportPlaceholder()
    /// Returns when reports that are under way have reached the system, or after a second at most. A push delegate must not
    /// return before.
    func waitForReports()
    /// Lets everything go, when the engine is gone.
    func close()
}

/// Tell carries an event to the engine and returns its answer.
typealias Tell = @Sendable (SystemMessage) -> SystemMessage

/// text is a UUID as the engine writes it.
func text(_ id: UUID) -> String { id.uuidString.lowercased() }

/// failed is an error as the engine takes it.
func failed(_ error: (any Error)?) -> SystemError? {
    guard let error else { return nil }
    let e = error as NSError
    return SystemError(domain: e.domain, code: e.code, text: e.localizedDescription)
}

/// Carried takes what is not marked as Sendable to another thread, where only one uses it: Apple's objects and completion
/// handlers are safe to be called from any thread, but not all versions of the SDK say so.
struct Carried<T>: @unchecked Sendable {
    let value: T

    init(_ value: T) { self.value = value }
}

/// placeholder says what an unknown caller is called.
let placeholder = SystemUpdate(remoteHandle: SystemHandle(type: 1, value: "unknown"), localizedCallerName: "Unknown")
