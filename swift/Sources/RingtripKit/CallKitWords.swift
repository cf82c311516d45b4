#if canImport(CallKit) && !os(macOS)
import CallKit
import Foundation
import RingtripEngine

// What the engine's messages are in CallKit's words, and back.

func configuration(_ c: SystemConfiguration?) -> CXProviderConfiguration {
    let made = CXProviderConfiguration()
    guard let c else { return made }
    made.ringtoneSound = c.ringtoneSound.isEmpty ? nil : c.ringtoneSound
    made.iconTemplateImageData = c.iconTemplateImageData
    made.maximumCallGroups = c.maximumCallGroups
    made.maximumCallsPerCallGroup = c.maximumCallsPerCallGroup
    made.includesCallsInRecents = c.includesCallsInRecents
    made.supportsVideo = c.supportsVideo
    made.supportedHandleTypes = Set(c.supportedHandleTypes.compactMap { CXHandle.HandleType(rawValue: $0) })
    return made
}

/// update sets what the engine sets and nothing else: CallKit takes only that for a change.
func update(_ u: SystemUpdate) -> CXCallUpdate {
    let made = CXCallUpdate()
    if let h = u.remoteHandle { made.remoteHandle = handle(h) }
    if let name = u.localizedCallerName { made.localizedCallerName = name }
    if let on = u.supportsHolding { made.supportsHolding = on }
    if let on = u.supportsGrouping { made.supportsGrouping = on }
    if let on = u.supportsUngrouping { made.supportsUngrouping = on }
    if let on = u.supportsDTMF { made.supportsDTMF = on }
    if let on = u.hasVideo { made.hasVideo = on }
    return made
}

func handle(_ h: SystemHandle) -> CXHandle { CXHandle(type: CXHandle.HandleType(rawValue: h.type) ?? .generic, value: h.value) }

func call(_ c: CXCall) -> SystemCall {
    SystemCall(uuid: text(c.uuid), isOutgoing: c.isOutgoing, isOnHold: c.isOnHold, hasConnected: c.hasConnected, hasEnded: c.hasEnded)
}

/// action makes what the app requests of the system; nil for what names no call or is of no kind.
func action(for w: SystemAction) -> CXCallAction? {
    guard let call = UUID(uuidString: w.call) else { return nil }
    switch w.kind {
    case .start:
        let a = CXStartCallAction(call: call, handle: handle(w.handle))
        a.isVideo = w.video
        if !w.contact.isEmpty { a.contactIdentifier = w.contact }
        return a
    case .answer: return CXAnswerCallAction(call: call)
    case .end: return CXEndCallAction(call: call)
    case .setHeld: return CXSetHeldCallAction(call: call, onHold: w.on)
    case .setMuted: return CXSetMutedCallAction(call: call, muted: w.on)
    case .setGroup: return CXSetGroupCallAction(call: call, callUUIDToGroupWith: UUID(uuidString: w.groupWith))
    case .playDTMF: return CXPlayDTMFCallAction(call: call, digits: w.digits, type: CXPlayDTMFCallAction.ActionType(rawValue: w.tone) ?? .singleTone)
    default: return nil
    }
}

/// described is an action that the system asks for, with what its kind says.
func described(_ a: CXCallAction) -> SystemAction {
    var w = SystemAction(id: text(a.uuid), call: text(a.callUUID), timeout: a.timeoutDate)
    switch a {
    case let a as CXStartCallAction:
        w.kind = .start
        w.handle = SystemHandle(type: a.handle.type.rawValue, value: a.handle.value)
        w.contact = a.contactIdentifier ?? ""
        w.video = a.isVideo
    case is CXAnswerCallAction: w.kind = .answer
    case is CXEndCallAction: w.kind = .end
    case let a as CXSetHeldCallAction:
        w.kind = .setHeld
        w.on = a.isOnHold
    case let a as CXSetMutedCallAction:
        w.kind = .setMuted
        w.on = a.isMuted
    case let a as CXSetGroupCallAction:
        w.kind = .setGroup
        w.groupWith = a.callUUIDToGroupWith.map(text) ?? ""
    case let a as CXPlayDTMFCallAction:
        w.kind = .playDTMF
        w.digits = a.digits
        w.tone = a.type.rawValue
    default: break
    }
    return w
}
#endif
