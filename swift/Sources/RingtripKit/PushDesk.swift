import Foundation
import PushKit
import RingtripEngine

/// PushDesk owns the push registry from launch on, and hands pushes to the engine within the delegate's method: PushKit
/// ends an app whose method returns without a report (Apple: Responding to VoIP Notifications from PushKit).
///
/// It is the safety net as well: if the engine returned without a report while the system demands one, because it failed
/// or was never made, the desk has a placeholder call reported and ended at once, which is legal.
final class PushDesk: NSObject, PKPushRegistryDelegate, @unchecked Sendable {
    private let tell: @Sendable (SystemMessage) -> SystemMessage
    private let backend: any CallBackend
    private let log: @Sendable (RingtripLog.Level, String) -> Void
    private let lock = NSLock()
    private var registry: PKPushRegistry? // guarded by lock, as all below
    private var object = 0
    private var completions: [Int: Carried<() -> Void>] = [:]
    private var tickets = 0

    init(backend: any CallBackend, log: @escaping @Sendable (RingtripLog.Level, String) -> Void, tell: @escaping @Sendable (SystemMessage) -> SystemMessage) {
        self.backend = backend
        self.log = log
        self.tell = tell
    }

    /// Carries a command out; nil if it is none of this desk's.
    func carry(_ m: SystemMessage) -> SystemMessage? {
        switch m.op {
        case .registryNew:
            let made = PKPushRegistry(queue: nil)
            locked {
                registry = made
                object = m.object
            }
        case .registrySetDelegate: locked { registry }?.delegate = m.on ? self : nil
        case .registrySetDesiredPushTypes: locked { registry }?.desiredPushTypes = Set(m.types.map { PKPushType(rawValue: $0) })
        case .registryPushToken: return SystemMessage(token: locked { registry }?.pushToken(for: PKPushType(rawValue: m.type)))
        case .pushCompletion: locked { completions.removeValue(forKey: m.ticket) }?.value()
        default: return nil
        }
        return SystemMessage()
    }

    /// Takes pushes without an engine: each is answered by a placeholder.
    func stand() {
        let made = PKPushRegistry(queue: nil)
        locked { registry = made }
        made.delegate = self
        made.desiredPushTypes = [.voIP]
    }

    /// Lets the registry go.
    func close() {
        let (old, waiting) = locked {
            let all = (registry, Array(completions.values))
            registry = nil
            completions = [:]
            return all
        }
        old?.delegate = nil
        for done in waiting { done.value() }
    }

    // MARK: PKPushRegistryDelegate

    func pushRegistry(_ registry: PKPushRegistry, didUpdate pushCredentials: PKPushCredentials, for type: PKPushType) {
        _ = tell(SystemMessage(op: .registryDidUpdate, object: locked { object }, type: type.rawValue, token: pushCredentials.token))
    }

    func pushRegistry(_ registry: PKPushRegistry, didInvalidatePushTokenFor type: PKPushType) {
        _ = tell(SystemMessage(op: .registryDidInvalidate, object: locked { object }, type: type.rawValue))
    }

    func pushRegistry(
        _ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload, for type: PKPushType,
        completion: @escaping () -> Void
    ) {
        receive(payload.dictionaryPayload, type, mustReport: nil, Carried(completion))
    }

    // PKVoIPPushMetadata came with the SDK of iOS 26.4 (Swift 6.3); older systems call the method above.
    #if os(Linux) || compiler(>=6.3)
    @available(iOS 26.4, visionOS 26.4, watchOS 26.4, macCatalyst 26.4, macOS 26.4, *)
    func pushRegistry(
        _ registry: PKPushRegistry, didReceiveIncomingVoIPPushWith payload: PKPushPayload, metadata: PKVoIPPushMetadata,
        withCompletionHandler completion: @escaping () -> Void
    ) {
        receive(payload.dictionaryPayload, .voIP, mustReport: metadata.mustReport, Carried(completion))
    }
    #endif

    private func receive(_ dictionary: [AnyHashable: Any], _ type: PKPushType, mustReport: Bool?, _ completion: Carried<() -> Void>) {
        let (object, ticket) = locked {
            tickets += 1
            completions[tickets] = completion
            return (self.object, tickets)
        }
        let before = backend.reports
        let answer = tell(SystemMessage(
            op: .registryDidReceive, object: object, ticket: ticket, type: type.rawValue, payload: json(dictionary), mustReport: mustReport))
        if let e = answer.error {
            log(.error, "the engine did not take a push: \(e.text)")
        }
        guard backend.reports == before else { return backend.waitForReports() }
        guard mustReport ?? true else { return }
        log(.error, "a push was not reported; a placeholder call is, and ends at once")
        backend.reportPlaceholder()
        backend.waitForReports()
        locked { completions.removeValue(forKey: ticket) }?.value()
    }

    /// The payload as JSON; empty if JSON can't say it, which the engine then reports as unreadable.
    private func json(_ dictionary: [AnyHashable: Any]) -> Data {
        guard let object = dictionary as? [String: Any], JSONSerialization.isValidJSONObject(object) else { return Data() }
        return (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
    }

    private func locked<R>(_ body: () -> R) -> R {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}
