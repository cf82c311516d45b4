import Foundation
import RingtripEngine
import RingtripSimulator

/// Something that is to be done to a call. The first of ``fulfill()`` and ``fail()`` counts.
open class CXAction: NSObject, NSCopying, NSSecureCoding {
    public private(set) var uuid = UUID()
    public internal(set) var isComplete = false
    /// When the system fails the action by itself.
    open var timeoutDate: Date { timeout ?? .distantFuture }

    private var timeout: Date?
    private weak var provider: CXProvider?

    public override init() {}

    /// Says that the action was carried out.
    open func fulfill() { settle(fulfilled: true) }

    /// Says that it could not be.
    open func fail() { settle(fulfilled: false) }

    func settle(fulfilled: Bool, at date: Date? = nil, engine: CXTranslationEngine = .default) {
        guard !isComplete, let provider else { return }
        isComplete = true
        provider.settled(self, fulfilled: fulfilled, at: date, engine: engine)
    }

    /// Ties an action that the phone asks for to its provider.
    func bind(_ provider: CXProvider, _ m: SystemAction, timeout: Date?) {
        self.provider = provider
        self.timeout = timeout
        if let id = UUID(uuidString: m.id) { uuid = id }
    }

    /// The action as a message; nil if it is no action on a call.
    var message: SystemAction? { nil }

    public static var supportsSecureCoding: Bool { true }

    public required init?(coder: NSCoder) {
        super.init()
        if let id = coder.decodeUUID("uuid") { uuid = id }
    }

    open func encode(with coder: NSCoder) { coder.encode(uuid.uuidString as NSString, forKey: "uuid") }

    open func copy(with zone: NSZone? = nil) -> Any {
        guard let m = message, let c = CXCallAction.make(m) else { return CXAction() }
        c.uuid = uuid
        return c
    }
}

/// An action on a call.
open class CXCallAction: CXAction {
    public let callUUID: UUID

    public init(call callUUID: UUID) {
        self.callUUID = callUUID
        super.init()
    }

    public required init?(coder: NSCoder) {
        guard let call = coder.decodeUUID("callUUID") else { return nil }
        callUUID = call
        super.init(coder: coder)
    }

    open override func encode(with coder: NSCoder) {
        super.encode(with: coder)
        coder.encode(callUUID.uuidString as NSString, forKey: "callUUID")
    }

    open override var description: String { "<\(Self.self) \(uuid) call=\(callUUID)>" }

    func message(_ kind: SystemActionKind) -> SystemAction { SystemAction(kind: kind, call: callUUID.uuidString) }

    /// The action that a message stands for; nil if its kind is unknown or its call is none.
    static func make(_ m: SystemAction) -> CXCallAction? {
        guard let call = UUID(uuidString: m.call) else { return nil }
        switch m.kind {
        case .start:
            let a = CXStartCallAction(call: call, handle: CXHandle(m.handle))
            a.contactIdentifier = m.contact.isEmpty ? nil : m.contact
            a.isVideo = m.video
            return a
        case .answer: return CXAnswerCallAction(call: call)
        case .end: return CXEndCallAction(call: call)
        case .setHeld: return CXSetHeldCallAction(call: call, onHold: m.on)
        case .setMuted: return CXSetMutedCallAction(call: call, muted: m.on)
        case .setGroup: return CXSetGroupCallAction(call: call, callUUIDToGroupWith: UUID(uuidString: m.groupWith))
        case .playDTMF: return CXPlayDTMFCallAction(call: call, digits: m.digits, type: .init(rawValue: m.tone) ?? .singleTone)
        case .setTranslating:
            return CXSetTranslatingCallAction(call: call, isTranslating: m.on, localLanguage: m.local, remoteLanguage: m.remote)
        default: return nil
        }
    }
}
