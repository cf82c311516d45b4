import AVFoundation
import CallKit

public class ProviderDelegate: NSObject {
    private let callManager: CallManager
    private let provider: CXProvider
    public var incomingErrors: [Error] = []

    public init(callManager: CallManager) {
        self.callManager = callManager
        provider = CXProvider(configuration: ProviderDelegate.providerConfiguration)

        super.init()

        provider.setDelegate(self, queue: nil)
    }

    static var providerConfiguration: CXProviderConfiguration = {
        let providerConfiguration = CXProviderConfiguration()

        providerConfiguration.supportsVideo = true
        providerConfiguration.maximumCallsPerCallGroup = 1
        providerConfiguration.supportedHandleTypes = [.phoneNumber]
        providerConfiguration.ringtoneSound = "Ringtone.caf"

        return providerConfiguration
    }()

    public func reportIncomingCall(
        uuid: UUID,
        handle: String,
        hasVideo: Bool = false,
        completion: ((Error?) -> Void)?
    ) {
        let update = CXCallUpdate()
        update.remoteHandle = CXHandle(type: .phoneNumber, value: handle)
        update.hasVideo = hasVideo

        provider.reportNewIncomingCall(with: uuid, update: update) { error in
            if error == nil {
                let call = Call(uuid: uuid, handle: handle)
                self.callManager.add(call: call)
            } else if let error = error as? CXErrorCodeIncomingCallError {
                switch error.code {
                case .filteredByDoNotDisturb, .filteredByBlockList:
                    print("filtered")
                default:
                    print("other error: \(error)")
                }
                self.incomingErrors.append(error)
            }

            completion?(error)
        }
    }

    public func remoteHungUp(uuid: UUID) {
        provider.reportCall(with: uuid, endedAt: Date(), reason: .remoteEnded)
        if let call = callManager.callWithUUID(uuid: uuid) {
            stopAudio()
            call.end()
            callManager.remove(call: call)
        }
    }

    public func remoteAnswered(uuid: UUID) {
        provider.reportOutgoingCall(with: uuid, connectedAt: Date())
    }
}

// MARK: - CXProviderDelegate
extension ProviderDelegate: CXProviderDelegate {
    public func providerDidReset(_ provider: CXProvider) {
        stopAudio()

        for call in callManager.calls {
            call.end()
        }

        callManager.removeAllCalls()
    }

    public func provider(_ provider: CXProvider, perform action: CXAnswerCallAction) {
        guard let call = callManager.callWithUUID(uuid: action.callUUID) else {
            action.fail()
            return
        }

        configureAudioSession()

        call.answer()

        action.fulfill()
    }

    public func provider(_ provider: CXProvider, didActivate audioSession: AVAudioSession) {
        startAudio()
    }

    public func provider(_ provider: CXProvider, didDeactivate audioSession: AVAudioSession) {
        stopAudio()
    }

    public func provider(_ provider: CXProvider, perform action: CXEndCallAction) {
        guard let call = callManager.callWithUUID(uuid: action.callUUID) else {
            action.fail()
            return
        }

        stopAudio()

        call.end()

        action.fulfill()

        callManager.remove(call: call)
    }

    public func provider(_ provider: CXProvider, perform action: CXSetHeldCallAction) {
        guard let call = callManager.callWithUUID(uuid: action.callUUID) else {
            action.fail()
            return
        }

        call.state = action.isOnHold ? .held : .active

        if call.state == .held {
            stopAudio()
        } else {
            startAudio()
        }

        action.fulfill()
    }

    public func provider(_ provider: CXProvider, perform action: CXSetMutedCallAction) {
        guard let call = callManager.callWithUUID(uuid: action.callUUID) else {
            action.fail()
            return
        }
        call.isMuted = action.isMuted
        action.fulfill()
    }

    public func provider(_ provider: CXProvider, perform action: CXStartCallAction) {
        let call = Call(uuid: action.callUUID, outgoing: true, handle: action.handle.value)

        configureAudioSession()

        call.start { [weak self, weak call] success in
            guard
                let self = self,
                let call = call
                else {
                    return
            }

            if success {
                action.fulfill()
                self.callManager.add(call: call)
                self.provider.reportOutgoingCall(with: call.uuid, startedConnectingAt: nil)
            } else {
                action.fail()
            }
        }
    }
}
