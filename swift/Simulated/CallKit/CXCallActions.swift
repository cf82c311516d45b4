import Foundation
import RingtripEngine

/// Starts an outgoing call. Fulfill it when the invitation is out, not when the far end has answered.
open class CXStartCallAction: CXCallAction {
    @NSCopying open var handle: CXHandle
    open var contactIdentifier: String?
    open var isVideo = false

    public init(call callUUID: UUID, handle: CXHandle) {
        self.handle = handle
        super.init(call: callUUID)
    }

    public required init?(coder: NSCoder) {
        guard let handle = coder.decodeObject(of: CXHandle.self, forKey: "handle") else { return nil }
        self.handle = handle
        contactIdentifier = coder.decodeText("contactIdentifier")
        isVideo = coder.decodeBool(forKey: "video")
        super.init(coder: coder)
    }

    open override func encode(with coder: NSCoder) {
        super.encode(with: coder)
        coder.encode(handle, forKey: "handle")
        if let contactIdentifier { coder.encode(contactIdentifier as NSString, forKey: "contactIdentifier") }
        coder.encode(isVideo, forKey: "video")
    }

    open func fulfill(withDateStarted dateStarted: Date) { settle(fulfilled: true, at: dateStarted) }

    override var message: SystemAction? {
        var m = message(.start)
        m.handle = handle.message
        m.contact = contactIdentifier ?? ""
        m.video = isVideo
        return m
    }
}

/// Answers an incoming call.
open class CXAnswerCallAction: CXCallAction {
    open func fulfill(withDateConnected dateConnected: Date) { settle(fulfilled: true, at: dateConnected) }

    override var message: SystemAction? { message(.answer) }
}

/// Ends a call: declines, cancels or hangs up.
open class CXEndCallAction: CXCallAction {
    open func fulfill(withDateEnded dateEnded: Date) { settle(fulfilled: true, at: dateEnded) }

    override var message: SystemAction? { message(.end) }
}

/// Holds a call or takes it up again.
open class CXSetHeldCallAction: CXCallAction {
    open var isOnHold: Bool

    public init(call callUUID: UUID, onHold: Bool) {
        isOnHold = onHold
        super.init(call: callUUID)
    }

    public required init?(coder: NSCoder) {
        isOnHold = coder.decodeBool(forKey: "onHold")
        super.init(coder: coder)
    }

    open override func encode(with coder: NSCoder) {
        super.encode(with: coder)
        coder.encode(isOnHold, forKey: "onHold")
    }

    override var message: SystemAction? {
        var m = message(.setHeld)
        m.on = isOnHold
        return m
    }
}

/// Mutes a call or unmutes it. It is a flag: the app mutes its own track.
open class CXSetMutedCallAction: CXCallAction {
    open var isMuted: Bool

    public init(call callUUID: UUID, muted: Bool) {
        isMuted = muted
        super.init(call: callUUID)
    }

    public required init?(coder: NSCoder) {
        isMuted = coder.decodeBool(forKey: "muted")
        super.init(coder: coder)
    }

    open override func encode(with coder: NSCoder) {
        super.encode(with: coder)
        coder.encode(isMuted, forKey: "muted")
    }

    override var message: SystemAction? {
        var m = message(.setMuted)
        m.on = isMuted
        return m
    }
}

/// Groups a call with another, or takes it out of its group.
open class CXSetGroupCallAction: CXCallAction {
    /// nil leaves the group.
    open var callUUIDToGroupWith: UUID?

    public init(call callUUID: UUID, callUUIDToGroupWith: UUID?) {
        self.callUUIDToGroupWith = callUUIDToGroupWith
        super.init(call: callUUID)
    }

    public required init?(coder: NSCoder) {
        callUUIDToGroupWith = coder.decodeUUID("callUUIDToGroupWith")
        super.init(coder: coder)
    }

    open override func encode(with coder: NSCoder) {
        super.encode(with: coder)
        if let callUUIDToGroupWith { coder.encode(callUUIDToGroupWith.uuidString as NSString, forKey: "callUUIDToGroupWith") }
    }

    override var message: SystemAction? {
        var m = message(.setGroup)
        m.groupWith = callUUIDToGroupWith?.uuidString ?? ""
        return m
    }
}

/// Plays keys of the keypad. The system makes the tone that the user hears.
open class CXPlayDTMFCallAction: CXCallAction {
    /// What the digits come after.
    public enum ActionType: Int, Sendable {
        case singleTone = 1
        case softPause = 2
        case hardPause = 3
    }

    open var digits: String
    open var type: ActionType

    public init(call callUUID: UUID, digits: String, type: ActionType) {
        self.digits = digits
        self.type = type
        super.init(call: callUUID)
    }

    public required init?(coder: NSCoder) {
        digits = coder.decodeText("digits") ?? ""
        type = ActionType(rawValue: coder.decodeInteger(forKey: "type")) ?? .singleTone
        super.init(coder: coder)
    }

    open override func encode(with coder: NSCoder) {
        super.encode(with: coder)
        coder.encode(digits as NSString, forKey: "digits")
        coder.encode(type.rawValue, forKey: "type")
    }

    override var message: SystemAction? {
        var m = message(.playDTMF)
        m.digits = digits
        m.tone = type.rawValue
        return m
    }
}

/// Who translates a call (iOS 26).
public enum CXTranslationEngine: UInt, Sendable {
    case `default` = 0
    case custom = 1
}

/// Switches live translation on or off (iOS 26). It comes after the call is connected.
open class CXSetTranslatingCallAction: CXCallAction {
    public let isTranslating: Bool
    public let localLanguage: String
    public let remoteLanguage: String

    public init(call uuid: UUID, isTranslating: Bool, localLanguage: String, remoteLanguage: String) {
        self.isTranslating = isTranslating
        self.localLanguage = localLanguage
        self.remoteLanguage = remoteLanguage
        super.init(call: uuid)
    }

    public required init?(coder: NSCoder) {
        isTranslating = coder.decodeBool(forKey: "translating")
        localLanguage = coder.decodeText("localLanguage") ?? ""
        remoteLanguage = coder.decodeText("remoteLanguage") ?? ""
        super.init(coder: coder)
    }

    open override func encode(with coder: NSCoder) {
        super.encode(with: coder)
        coder.encode(isTranslating, forKey: "translating")
        coder.encode(localLanguage as NSString, forKey: "localLanguage")
        coder.encode(remoteLanguage as NSString, forKey: "remoteLanguage")
    }

    open func fulfill(using translationEngine: CXTranslationEngine) { settle(fulfilled: true, engine: translationEngine) }

    override var message: SystemAction? {
        var m = message(.setTranslating)
        m.on = isTranslating
        m.local = localLanguage
        m.remote = remoteLanguage
        return m
    }
}
