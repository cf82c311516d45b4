// Declarations of Twilio's Voice SDK as far as RingtripTwilio uses it, with a fake behind them whose audio device starts and
// stops as the real one does. For tests only; written from the public API.
import Foundation
import StubAudio

public protocol AudioDevice: AnyObject {}

public final class DefaultAudioDevice: NSObject, AudioDevice, @unchecked Sendable {
    public var isEnabled = true { didSet { balance() } }
    public var block: () -> Void = {}

    fileprivate func balance() { StubAudio.shared.unit("Twilio", runs: isEnabled && Call.live > 0) }
}

public class CallOptionsBuilder: NSObject {
    public var uuid: UUID?
}

public final class ConnectOptionsBuilder: CallOptionsBuilder {
    public var params: [String: String] = [:]
}

public final class ConnectOptions: NSObject {
    let token: String
    let builder = ConnectOptionsBuilder()
    public init(accessToken: String, block: (ConnectOptionsBuilder) -> Void) {
        token = accessToken
        block(builder)
    }
}

public final class AcceptOptionsBuilder: CallOptionsBuilder {}

public final class AcceptOptions: NSObject {
    let builder = AcceptOptionsBuilder()
    public init(callInvite: CallInvite, block: (AcceptOptionsBuilder) -> Void) { block(builder) }
}

public protocol CallDelegate: NSObjectProtocol {
    func callDidConnect(call: Call)
    func callDidFailToConnect(call: Call, error: any Error)
    func callDidDisconnect(call: Call, error: (any Error)?)
    func call(call: Call, isReconnectingWithError error: any Error) // optional
    func callDidReconnect(call: Call) // optional
}

public protocol NotificationDelegate: NSObjectProtocol {
    func callInviteReceived(callInvite: CallInvite)
    func cancelledCallInviteReceived(cancelledCallInvite: CancelledCallInvite, error: any Error)
}

public final class CancelledCallInvite: NSObject {}

public final class CallInvite: NSObject {
    public let uuid = UUID()
    public func accept(options: AcceptOptions, delegate: any CallDelegate) -> Call { Call(options.builder.uuid, [:], delegate) }
}

public final class Call: NSObject, @unchecked Sendable {
    fileprivate nonisolated(unsafe) static var live = 0
    /// Every call that was made, for tests.
    public nonisolated(unsafe) static var all: [Call] = []

    public let uuid: UUID?
    public let params: [String: String]
    public var isMuted = false
    public var isOnHold = false
    public weak var delegate: (any CallDelegate)?
    private var over = false

    init(_ uuid: UUID?, _ params: [String: String], _ delegate: any CallDelegate) {
        (self.uuid, self.params, self.delegate) = (uuid, params, delegate)
        super.init()
        Call.live += 1
        Call.all.append(self)
        (TwilioVoiceSDK.audioDevice as? DefaultAudioDevice)?.balance()
    }

    public func sendDigits(_ digits: String) { StubAudio.shared.say("Twilio: digits \(digits)") }

    public func disconnect() {
        guard !over else { return }
        over = true
        Call.live -= 1
        (TwilioVoiceSDK.audioDevice as? DefaultAudioDevice)?.balance()
        StubAudio.shared.say("Twilio: disconnected")
    }
}

public enum TwilioVoiceSDK {
    public nonisolated(unsafe) static var audioDevice: any AudioDevice = DefaultAudioDevice()

    public static func connect(options: ConnectOptions, delegate: any CallDelegate) -> Call {
        Call(options.builder.uuid, options.builder.params, delegate)
    }

    public static func handleNotification(_ payload: [AnyHashable: Any], delegate: any NotificationDelegate, delegateQueue: DispatchQueue?) -> Bool {
        guard payload["twi_message_type"] as? String == "twilio.voice.call" else { return false }
        delegate.callInviteReceived(callInvite: CallInvite())
        return true
    }
}
