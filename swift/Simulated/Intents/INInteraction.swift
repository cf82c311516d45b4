import Foundation
import RingtripEngine
import RingtripSimulator

/// Who began an interaction.
public enum INInteractionDirection: Int, Sendable {
    case unspecified = 0
    case outgoing = 1
    case incoming = 2
}

/// What became of the intent of an interaction.
public enum INIntentHandlingStatus: Int, Sendable {
    case unspecified = 0
    case ready = 1
    case inProgress = 2
    case success = 3
    case failure = 4
    case deferredToApplication = 5
    case userConfirmationRequired = 6
}

/// What an app tells the system of a call that was, so that the system can suggest it again.
open class INInteraction: NSObject {
    public let intent: INIntent
    public let intentResponse: INIntentResponse?
    open var intentHandlingStatus = INIntentHandlingStatus.unspecified
    open var direction = INInteractionDirection.unspecified
    open var dateInterval: DateInterval?
    open var identifier = UUID().uuidString
    open var groupIdentifier: String?

    public init(intent: INIntent, response: INIntentResponse?) {
        self.intent = intent
        intentResponse = response
    }

    /// Tells the system. Only start-call intents are taken here.
    open func donate(completion: (((any Error)?) -> Void)? = nil) {
        let process = SimulatedProcess.currentOrStop("INInteraction.donate")
        guard let call = intent as? INStartCallIntent else {
            process.after(0) { completion?(INInteraction.notCall) }
            return
        }
        let message = SystemInteraction(
            identifier: identifier, group: groupIdentifier ?? "", intent: call.message, direction: direction.rawValue,
            start: process.phoneDate(dateInterval?.start), duration: Int64((dateInterval?.duration ?? 0) * 1e9))
        process.send(SystemMessage(op: .interactionDonate, ticket: done(process, completion), interaction: message))
    }

    open func donate(isolation: isolated (any Actor)? = #isolation) async throws { try await INInteraction.wait { donate(completion: $0) } }

    open class func deleteAll(completion: (((any Error)?) -> Void)? = nil) {
        let process = SimulatedProcess.currentOrStop("INInteraction.deleteAll")
        process.send(SystemMessage(op: .interactionDeleteGroup, ticket: done(process, completion)))
    }

    open class func delete(with identifiers: [String], completion: (((any Error)?) -> Void)? = nil) {
        let process = SimulatedProcess.currentOrStop("INInteraction.delete")
        process.send(SystemMessage(op: .interactionDelete, ticket: done(process, completion), names: identifiers))
    }

    open class func delete(with groupIdentifier: String, completion: (((any Error)?) -> Void)? = nil) {
        let process = SimulatedProcess.currentOrStop("INInteraction.delete")
        process.send(SystemMessage(op: .interactionDeleteGroup, ticket: done(process, completion), name: groupIdentifier))
    }

    open class func delete(with identifiers: [String], isolation: isolated (any Actor)? = #isolation) async throws {
        try await wait { delete(with: identifiers, completion: $0) }
    }

    open class func delete(with groupIdentifier: String, isolation: isolated (any Actor)? = #isolation) async throws {
        try await wait { delete(with: groupIdentifier, completion: $0) }
    }

    private static let notCall = NSError(
        domain: "IntentsErrorDomain", code: 1901, userInfo: [NSLocalizedDescriptionKey: "the simulated iPhone takes INStartCallIntent alone"])

    /// Completions come on a queue of the system's own.
    private static let queue = DispatchQueue(label: "INInteraction")

    private static func wait(
        isolation: isolated (any Actor)? = #isolation, _ begin: (@escaping ((any Error)?) -> Void) -> Void
    ) async throws {
        try await withCheckedThrowingContinuation { (c: CheckedContinuation<Void, any Error>) in
            begin { error in if let error { c.resume(throwing: error) } else { c.resume() } }
        }
    }

    private func done(_ p: SimulatedProcess, _ f: (((any Error)?) -> Void)?) -> Int { INInteraction.done(p, f) }

    private static func done(_ process: SimulatedProcess, _ f: (((any Error)?) -> Void)?) -> Int {
        process.ticket { e in
            process.call(on: queue) { f?(e.map { NSError(domain: $0.domain, code: $0.code, userInfo: [NSLocalizedDescriptionKey: $0.text]) }) }
        }
    }
}
