import Foundation
import RingtripEngine
import RingtripSimulator

/// Asks the system for actions.
open class CXCallController: NSObject {
    /// Knows the calls on the phone.
    public let callObserver = CXCallObserver()
    private let process: SimulatedProcess
    private let queue: DispatchQueue
    private var object = 0

    /// Completions come on a private serial queue.
    public convenience override init() { self.init(queue: DispatchQueue(label: "CXCallController")) }

    /// Completions come on `queue`.
    public init(queue: DispatchQueue) {
        process = SimulatedProcess.currentOrStop("CXCallController")
        self.queue = queue
        super.init()
        object = process.object { _ in SystemMessage() }
        process.send(SystemMessage(op: .controllerNew, object: object))
    }

    deinit { process.forget(object: object) }

    /// Asks for the actions of a transaction, in order. No error means that they will be handed to the provider.
    open func request(_ transaction: CXTransaction, completion: @escaping ((any Error)?) -> Void) {
        let actions = transaction.actions.map { $0.message ?? SystemAction() }
        let process = process
        let queue = queue
        let ticket = process.ticket { e in process.call(on: queue) { completion(e?.error) } }
        let answer = process.send(SystemMessage(op: .controllerRequestTransaction, object: object, ticket: ticket, actions: actions))
        if let e = answer.error { // it never reached the system, so nobody else will say so
            process.forget(ticket: ticket)
            let late = process.ticket { _ in process.call(on: queue) { completion(e.error) } }
            process.send(SystemMessage(op: .mainAsync, ticket: late))
        }
    }

    open func requestTransaction(with actions: [CXAction], completion: @escaping ((any Error)?) -> Void) {
        request(CXTransaction(actions: actions), completion: completion)
    }

    open func requestTransaction(with action: CXAction, completion: @escaping ((any Error)?) -> Void) {
        request(CXTransaction(action: action), completion: completion)
    }

    open func request(_ transaction: CXTransaction, isolation: isolated (any Actor)? = #isolation) async throws {
        try await asynchronously { request(transaction, completion: $0) }
    }

    open func requestTransaction(with actions: [CXAction], isolation: isolated (any Actor)? = #isolation) async throws {
        try await asynchronously { requestTransaction(with: actions, completion: $0) }
    }

    open func requestTransaction(with action: CXAction, isolation: isolated (any Actor)? = #isolation) async throws {
        try await asynchronously { requestTransaction(with: action, completion: $0) }
    }
}

/// Makes of a method with a completion handler an async one, which begins on the caller's own actor as one that Swift makes
/// of an Objective-C method does.
func asynchronously(
    isolation: isolated (any Actor)? = #isolation, _ begin: (@escaping ((any Error)?) -> Void) -> Void
) async throws {
    try await withCheckedThrowingContinuation { (c: CheckedContinuation<Void, any Error>) in
        begin { error in
            if let error { c.resume(throwing: error) } else { c.resume() }
        }
    }
}
