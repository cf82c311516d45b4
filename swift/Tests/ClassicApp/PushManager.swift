import CallKit
import Foundation
import PushKit

public class PushManager: NSObject, PKPushRegistryDelegate {
    let voipRegistry: PKPushRegistry
    let providerDelegate: ProviderDelegate
    public var deviceToken: String?
    public var forgetsToReport = false
    public var reportsLater = false

    public init(providerDelegate: ProviderDelegate) {
        self.providerDelegate = providerDelegate
        voipRegistry = PKPushRegistry(queue: DispatchQueue.main)
        super.init()
        voipRegistry.delegate = self
        voipRegistry.desiredPushTypes = [.voIP]
    }

    public func pushRegistry(_ registry: PKPushRegistry, didUpdate pushCredentials: PKPushCredentials, for type: PKPushType) {
        deviceToken = pushCredentials.token.map { String(format: "%02x", $0) }.joined()
    }

    public func pushRegistry(
        _ registry: PKPushRegistry,
        didReceiveIncomingPushWith payload: PKPushPayload,
        for type: PKPushType,
        completion: @escaping () -> Void
    ) {
        guard type == .voIP else { return }

        if forgetsToReport {
            completion()
            return
        }

        if let handle = payload.dictionaryPayload["handle"] as? String,
            let uuidString = payload.dictionaryPayload["callUUID"] as? String,
            let callUUID = UUID(uuidString: uuidString) {
            if reportsLater {
                DispatchQueue.main.async {
                    self.providerDelegate.reportIncomingCall(uuid: callUUID, handle: handle) { _ in completion() }
                }
                return
            }
            providerDelegate.reportIncomingCall(uuid: callUUID, handle: handle) { _ in
                completion()
            }
        }
    }
}
