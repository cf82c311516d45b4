import AVFAudio
import Foundation

/// Performs what the user and the app ask for. Only `providerDidReset(_:)` is required.
public protocol CXProviderDelegate: NSObjectProtocol {
    func providerDidReset(_ provider: CXProvider)
    func providerDidBegin(_ provider: CXProvider)
    func provider(_ provider: CXProvider, execute transaction: CXTransaction) -> Bool
    func provider(_ provider: CXProvider, perform action: CXStartCallAction)
    func provider(_ provider: CXProvider, perform action: CXAnswerCallAction)
    func provider(_ provider: CXProvider, perform action: CXEndCallAction)
    func provider(_ provider: CXProvider, perform action: CXSetHeldCallAction)
    func provider(_ provider: CXProvider, perform action: CXSetMutedCallAction)
    func provider(_ provider: CXProvider, perform action: CXSetGroupCallAction)
    func provider(_ provider: CXProvider, perform action: CXPlayDTMFCallAction)
    func provider(_ provider: CXProvider, perform action: CXSetTranslatingCallAction)
    func provider(_ provider: CXProvider, timedOutPerforming action: CXAction)
    func provider(_ provider: CXProvider, didActivate audioSession: AVAudioSession)
    func provider(_ provider: CXProvider, didDeactivate audioSession: AVAudioSession)
}

/// What stands for the optional methods that a delegate does not have: it tells the phone so.
extension CXProviderDelegate {
    public func providerDidBegin(_ provider: CXProvider) {}
    public func provider(_ provider: CXProvider, execute transaction: CXTransaction) -> Bool {
        provider.missing = true
        return false
    }
    public func provider(_ provider: CXProvider, perform action: CXStartCallAction) { provider.missing = true }
    public func provider(_ provider: CXProvider, perform action: CXAnswerCallAction) { provider.missing = true }
    public func provider(_ provider: CXProvider, perform action: CXEndCallAction) { provider.missing = true }
    public func provider(_ provider: CXProvider, perform action: CXSetHeldCallAction) { provider.missing = true }
    public func provider(_ provider: CXProvider, perform action: CXSetMutedCallAction) { provider.missing = true }
    public func provider(_ provider: CXProvider, perform action: CXSetGroupCallAction) { provider.missing = true }
    public func provider(_ provider: CXProvider, perform action: CXPlayDTMFCallAction) { provider.missing = true }
    public func provider(_ provider: CXProvider, perform action: CXSetTranslatingCallAction) { provider.missing = true }
    public func provider(_ provider: CXProvider, timedOutPerforming action: CXAction) {}
    public func provider(_ provider: CXProvider, didActivate audioSession: AVAudioSession) {}
    public func provider(_ provider: CXProvider, didDeactivate audioSession: AVAudioSession) {}
}

/// A delegate that knows which of its optional methods count. It is not Apple's: on an iPhone the same is done by
/// `responds(to:)`. Without it every method counts until its default has run.
public protocol PartialProviderDelegate: CXProviderDelegate {
    /// Names of methods in the simulator's words, as "PerformAnswerCallAction", "ExecuteTransaction".
    var implementedMethods: [String] { get }
}

enum DelegateMethods {
    /// The methods that a delegate may have, in the words of the phone.
    static func of(_ delegate: any CXProviderDelegate) -> [String] {
        if let partial = delegate as? any PartialProviderDelegate { return partial.implementedMethods }
        return [
            "ProviderDidBegin", "ExecuteTransaction?", "PerformStartCallAction", "PerformAnswerCallAction", "PerformEndCallAction",
            "PerformSetHeldCallAction", "PerformSetMutedCallAction", "PerformSetGroupCallAction", "PerformPlayDTMFCallAction",
            "PerformSetTranslatingCallAction", "TimedOutPerformingAction", "DidActivateAudioSession",
        ]
    }
}
