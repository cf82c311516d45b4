import Foundation
import RingtripEngine
import RingtripSimulator

/// What any app may know of a call of any app. It has no handle and no name.
open class CXCall: NSObject {
    public let uuid: UUID
    public let isOutgoing: Bool
    public let isOnHold: Bool
    public let hasConnected: Bool
    public let hasEnded: Bool

    init(_ c: SystemCall) {
        uuid = UUID(uuidString: c.uuid) ?? UUID()
        isOutgoing = c.isOutgoing
        isOnHold = c.isOnHold
        hasConnected = c.hasConnected
        hasEnded = c.hasEnded
    }

    /// Whether it is the same call in the same state.
    open func isEqual(to call: CXCall) -> Bool {
        uuid == call.uuid && isOutgoing == call.isOutgoing && isOnHold == call.isOnHold && hasConnected == call.hasConnected
            && hasEnded == call.hasEnded
    }

    open override func isEqual(_ object: Any?) -> Bool { (object as? CXCall).map(isEqual(to:)) ?? false }
    open override var hash: Int { uuid.hashValue }
}

/// Knows the calls on the phone.
open class CXCallObserver: NSObject {
    private let process: SimulatedProcess
    private var object = 0
    private weak var delegate: (any CXCallObserverDelegate)?
    private var queue: DispatchQueue?

    public override init() {
        process = SimulatedProcess.currentOrStop("CXCallObserver")
        super.init()
        object = process.object { [weak self] in self?.heard($0) ?? SystemMessage() }
        process.send(SystemMessage(op: .observerNew, object: object))
    }

    deinit {
        process.forget(object: object)
        process.send(SystemMessage(op: .observerSetDelegate, object: object))
    }

    /// The calls right now, of all apps.
    open var calls: [CXCall] { process.send(SystemMessage(op: .observerCalls, object: object)).calls.map(CXCall.init) }

    /// The delegate is not retained. A queue of nil is the main queue.
    open func setDelegate(_ delegate: (any CXCallObserverDelegate)?, queue: DispatchQueue?) {
        self.delegate = delegate
        self.queue = queue
        process.send(SystemMessage(op: .observerSetDelegate, object: object, on: delegate != nil))
    }

    private func heard(_ m: SystemMessage) -> SystemMessage {
        process.call(on: queue) {
            for c in m.calls { delegate?.callObserver(self, callChanged: CXCall(c)) }
        }
        return SystemMessage()
    }
}

/// Hears of changes of calls.
public protocol CXCallObserverDelegate: NSObjectProtocol {
    func callObserver(_ callObserver: CXCallObserver, callChanged call: CXCall)
}
