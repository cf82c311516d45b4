import Foundation

/// What an Intents extension answers.
public enum INStartCallIntentResponseCode: Int, Sendable {
    case unspecified = 0
    case ready = 1
    case continueInApp = 2
    case userConfirmationRequired = 3
    case failure = 4
    case failureRequiringAppLaunch = 5
    case failureCallingServiceNotAvailable = 6
    case failureContactNotSupportedByApp = 7
    case failureAirplaneModeEnabled = 8
    case failureUnableToHandOff = 9
    case failureAppConfigurationRequired = 10
    case failureCallInProgress = 11
    case failureCallRinging = 12
    case failureRequiringInAppAuthentication = 13
}

/// The answer to an INStartCallIntent.
open class INStartCallIntentResponse: INIntentResponse {
    public let code: INStartCallIntentResponseCode

    public init(code: INStartCallIntentResponseCode, userActivity: NSUserActivity?) {
        self.code = code
        super.init()
        self.userActivity = userActivity
    }
}

/// How an extension understood a part of an intent.
open class INIntentResolutionResult: NSObject {
    enum Kind { case needsValue, notRequired, unsupported, success, disambiguation, confirmation }
    var kind = Kind.needsValue

    /// An app makes results by the methods below.
    public required override init() {}

    class func made(_ kind: Kind) -> Self {
        let r = Self()
        r.kind = kind
        return r
    }

    open class func needsValue() -> Self { made(.needsValue) }
    open class func notRequired() -> Self { made(.notRequired) }
    open class func unsupported() -> Self { made(.unsupported) }
}

/// Who a person is.
open class INPersonResolutionResult: INIntentResolutionResult {
    var people: [INPerson] = []

    open class func success(with resolvedPerson: INPerson) -> Self { of(.success, [resolvedPerson]) }
    open class func disambiguation(with peopleToDisambiguate: [INPerson]) -> Self { of(.disambiguation, peopleToDisambiguate) }
    open class func confirmationRequired(with personToConfirm: INPerson?) -> Self { of(.confirmation, [personToConfirm].compactMap { $0 }) }

    private class func of(_ kind: Kind, _ people: [INPerson]) -> Self {
        let r = made(kind)
        r.people = people
        return r
    }
}

/// Whom a call goes to.
open class INStartCallContactResolutionResult: INPersonResolutionResult {
    /// Makes it of what is known of a person.
    public convenience init(personResolutionResult: INPersonResolutionResult) {
        self.init()
        kind = personResolutionResult.kind
        people = personResolutionResult.people
    }
}

/// What the call can carry.
open class INStartCallCallCapabilityResolutionResult: INIntentResolutionResult {
    var capability = INCallCapability.unknown

    open class func success(with resolvedCallCapability: INCallCapability) -> Self {
        let r = made(.success)
        r.capability = resolvedCallCapability
        return r
    }
}

/// What kind of destination is meant.
open class INCallDestinationTypeResolutionResult: INIntentResolutionResult {
    var type = INCallDestinationType.unknown

    open class func success(with resolvedCallDestinationType: INCallDestinationType) -> Self {
        let r = made(.success)
        r.type = resolvedCallDestinationType
        return r
    }
}

/// Which call of the past is meant.
open class INStartCallCallRecordToCallBackResolutionResult: INIntentResolutionResult {
    var record: INCallRecord?

    open class func success(with resolvedCallRecord: INCallRecord) -> Self {
        let r = made(.success)
        r.record = resolvedCallRecord
        return r
    }
}

/// The code of an Intents extension for calls. Only `handle(intent:completion:)` is required.
public protocol INStartCallIntentHandling: NSObjectProtocol {
    func handle(intent: INStartCallIntent, completion: @escaping (INStartCallIntentResponse) -> Void)
    func confirm(intent: INStartCallIntent, completion: @escaping (INStartCallIntentResponse) -> Void)
    func resolveContacts(for intent: INStartCallIntent, with completion: @escaping ([INStartCallContactResolutionResult]) -> Void)
    func resolveCallCapability(for intent: INStartCallIntent, with completion: @escaping (INStartCallCallCapabilityResolutionResult) -> Void)
    func resolveDestinationType(for intent: INStartCallIntent, with completion: @escaping (INCallDestinationTypeResolutionResult) -> Void)
    func resolveCallRecordToCallBack(
        for intent: INStartCallIntent, with completion: @escaping (INStartCallCallRecordToCallBackResolutionResult) -> Void)
}

/// What stands for the optional methods that an extension does not have.
extension INStartCallIntentHandling {
    public func confirm(intent: INStartCallIntent, completion: @escaping (INStartCallIntentResponse) -> Void) {
        completion(INStartCallIntentResponse(code: .ready, userActivity: nil))
    }
    public func resolveContacts(for intent: INStartCallIntent, with completion: @escaping ([INStartCallContactResolutionResult]) -> Void) {
        completion((intent.contacts ?? []).map { .success(with: $0) })
    }
    public func resolveCallCapability(
        for intent: INStartCallIntent, with completion: @escaping (INStartCallCallCapabilityResolutionResult) -> Void
    ) { completion(.success(with: intent.callCapability)) }
    public func resolveDestinationType(
        for intent: INStartCallIntent, with completion: @escaping (INCallDestinationTypeResolutionResult) -> Void
    ) { completion(.success(with: intent.destinationType)) }
    public func resolveCallRecordToCallBack(
        for intent: INStartCallIntent, with completion: @escaping (INStartCallCallRecordToCallBackResolutionResult) -> Void
    ) { completion(.notRequired()) }
}

/// The main object of an Intents extension.
open class INExtension: NSObject {
    public override init() {}

    /// Who handles an intent: this object, unless it is overridden.
    open func handler(for intent: INIntent) -> Any? { self }
}
