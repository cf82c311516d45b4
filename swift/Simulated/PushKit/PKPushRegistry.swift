import Foundation
import RingtripEngine
import RingtripSimulator

/// Asks for pushes and hands them to its delegate. An app makes one on every launch, and gives it a delegate before types.
open class PKPushRegistry: NSObject {
    private let process: SimulatedProcess
    private let queue: DispatchQueue?
    private var object = 0
    private var types: Set<PKPushType>?

    /// A queue of nil is the main queue.
    public init(queue: DispatchQueue?) {
        process = SimulatedProcess.currentOrStop("PKPushRegistry")
        self.queue = queue
        super.init()
        object = process.object { [weak self] in self?.heard($0) ?? SystemMessage() }
        process.send(SystemMessage(op: .registryNew, object: object))
    }

    deinit {
        process.forget(object: object)
        process.send(SystemMessage(op: .registrySetDelegate, object: object))
    }

    /// Who is told. It is not retained.
    open weak var delegate: (any PKPushRegistryDelegate)? {
        didSet {
            process.send(SystemMessage(
                op: .registrySetDelegate, object: object, on: delegate != nil, implements: ["didReceiveIncomingVoIPPush", "DidInvalidatePushToken"]))
        }
    }

    /// The kinds of pushes that the app wants. To set them registers the app for them.
    open var desiredPushTypes: Set<PKPushType>? {
        get { types }
        set {
            types = newValue
            process.send(SystemMessage(
                op: .registrySetDesiredPushTypes, object: object, types: (newValue ?? []).map(\.rawValue).sorted()))
        }
    }

    /// The token for a kind of push, if the device has one already.
    open func pushToken(for type: PKPushType) -> Data? {
        process.send(SystemMessage(op: .registryPushToken, object: object, type: type.rawValue)).token
    }

    private func heard(_ m: SystemMessage) -> SystemMessage {
        guard let delegate else { return SystemMessage() }
        let type = PKPushType(rawValue: m.type)
        return process.call(on: queue) {
            switch m.op {
            case .registryDidUpdate:
                delegate.pushRegistry(self, didUpdate: PKPushCredentials(type: type, token: m.token ?? Data()), for: type)
            case .registryDidInvalidate:
                delegate.pushRegistry(self, didInvalidatePushTokenFor: type)
            default:
                received(m, type, delegate)
            }
            return SystemMessage()
        }
    }

    private func received(_ m: SystemMessage, _ type: PKPushType, _ delegate: any PKPushRegistryDelegate) {
        let payload = PKPushPayload(type: type, json: m.payload ?? Data())
        let process = process
        let completion: @Sendable () -> Void = { process.send(SystemMessage(op: .pushCompletion, ticket: m.ticket)) }
        if let mustReport = m.mustReport {
            delegate.pushRegistry(
                self, didReceiveIncomingVoIPPushWith: payload, metadata: PKVoIPPushMetadata(mustReport: mustReport), withCompletionHandler: completion)
        } else {
            delegate.pushRegistry(self, didReceiveIncomingPushWith: payload, for: type, completion: completion)
        }
    }
}

/// Hears of tokens and pushes. Only `pushRegistry(_:didUpdate:for:)` is required.
///
/// For a VoIP push the app must have reported a call when the method returns, or the system ends its process: on iOS 26.4
/// the method with metadata is called if there is one, before that or else the one with a completion handler, or else the
/// oldest.
public protocol PKPushRegistryDelegate: NSObjectProtocol {
    func pushRegistry(_ registry: PKPushRegistry, didUpdate pushCredentials: PKPushCredentials, for type: PKPushType)
    func pushRegistry(_ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload, for type: PKPushType)
    func pushRegistry(
        _ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload, for type: PKPushType,
        completion: @escaping @Sendable () -> Void)
    func pushRegistry(
        _ registry: PKPushRegistry, didReceiveIncomingVoIPPushWith payload: PKPushPayload, metadata: PKVoIPPushMetadata,
        withCompletionHandler completion: @escaping @Sendable () -> Void)
    func pushRegistry(_ registry: PKPushRegistry, didInvalidatePushTokenFor type: PKPushType)
}

/// What stands for the optional methods that a delegate does not have.
extension PKPushRegistryDelegate {
    public func pushRegistry(_ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload, for type: PKPushType) {}

    public func pushRegistry(
        _ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload, for type: PKPushType,
        completion: @escaping @Sendable () -> Void
    ) {
        pushRegistry(registry, didReceiveIncomingPushWith: payload, for: type)
        completion()
    }

    public func pushRegistry(
        _ registry: PKPushRegistry, didReceiveIncomingVoIPPushWith payload: PKPushPayload, metadata: PKVoIPPushMetadata,
        withCompletionHandler completion: @escaping @Sendable () -> Void
    ) {
        pushRegistry(registry, didReceiveIncomingPushWith: payload, for: payload.type, completion: completion)
    }

    public func pushRegistry(_ registry: PKPushRegistry, didInvalidatePushTokenFor type: PKPushType) {}
}
