#if canImport(LiveCommunicationKit) && !os(macOS)
import Foundation
import LiveCommunicationKit
import RingtripEngine

// What the engine's messages are in LiveCommunicationKit's words, and back.

@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
func conversationConfiguration(_ c: SystemConfiguration?) -> ConversationManager.Configuration {
    let c = c ?? SystemConfiguration(
        maximumCallGroups: 2, maximumCallsPerCallGroup: 5, includesCallsInRecents: true, supportedHandleTypes: [1, 2, 3])
    return ConversationManager.Configuration(
        ringtoneName: c.ringtoneSound.isEmpty ? nil : c.ringtoneSound, iconTemplateImageData: c.iconTemplateImageData,
        maximumConversationGroups: c.maximumCallGroups, maximumConversationsPerConversationGroup: c.maximumCallsPerCallGroup,
        includesConversationInRecents: c.includesCallsInRecents, supportsVideo: c.supportsVideo,
        supportedHandleTypes: Set(c.supportedHandleTypes.map(kind)))
}

@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
func conversationUpdate(_ u: SystemUpdate) -> Conversation.Update {
    let able: [(Bool?, Conversation.Capabilities)] = [
        (u.hasVideo, .video), (u.supportsHolding, .pausing), (u.supportsGrouping, .merging), (u.supportsUngrouping, .unmerging),
        (u.supportsDTMF, .playingTones),
    ]
    let members = u.remoteHandle.map { Set([member($0, u.localizedCallerName)]) }
    return Conversation.Update(members: members, capabilities: Conversation.Capabilities(able.filter { $0.0 == true }.map(\.1)))
}

@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
private func kind(_ type: Int) -> Handle.Kind {
    switch type {
    case 2: return .phoneNumber
    case 3: return .emailAddress
    default: return .generic
    }
}

@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
private func member(_ h: SystemHandle, _ name: String? = nil) -> Handle { Handle(type: kind(h.type), value: h.value, displayName: name) }

/// conversationAction makes what the app requests of the system; nil for what names no conversation or is of no kind.
@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
func conversationAction(for w: SystemAction) -> ConversationAction? {
    guard let id = UUID(uuidString: w.call) else { return nil }
    switch w.kind {
    case .start: return StartConversationAction(conversationUUID: id, handles: [member(w.handle)], isVideo: w.video)
    case .answer: return JoinConversationAction(conversationUUID: id)
    case .end: return EndConversationAction(conversationUUID: id)
    case .setHeld: return PauseConversationAction(conversationUUID: id, isPaused: w.on)
    case .setMuted: return MuteConversationAction(conversationUUID: id, isMuted: w.on)
    case .setGroup:
        guard let with = UUID(uuidString: w.groupWith) else { return UnmergeConversationAction(conversationUUID: id) }
        return MergeConversationAction(conversationUUID: id, conversationUUIDToMergeWith: with)
    case .playDTMF:
        let tones: [Int: PlayToneAction.Tone] = [2: .softPause, 3: .hardPause]
        return PlayToneAction(conversationUUID: id, digits: w.digits, tone: tones[w.tone] ?? .single)
    default: return nil
    }
}

/// described is an action that the system asks for; nil for one that the engine has no word for.
@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
func described(_ a: ConversationAction) -> SystemAction? {
    var w = SystemAction(id: text(a.uuid), call: text(a.conversationUUID), timeout: a.timeoutDate)
    switch a {
    case let a as StartConversationAction:
        w.kind = .start
        w.video = a.isVideo
        if let h = a.handles.first { w.handle = SystemHandle(type: number(h.type), value: h.value) }
    case is JoinConversationAction: w.kind = .answer
    case is EndConversationAction: w.kind = .end
    case let a as PauseConversationAction:
        w.kind = .setHeld
        w.on = a.isPaused
    case let a as MuteConversationAction:
        w.kind = .setMuted
        w.on = a.isMuted
    case let a as MergeConversationAction:
        w.kind = .setGroup
        w.groupWith = text(a.conversationUUIDToMergeWith)
    case is UnmergeConversationAction: w.kind = .setGroup
    case let a as PlayToneAction:
        w.kind = .playDTMF
        w.digits = a.digits
        switch a.tone {
        case .softPause: w.tone = 2
        case .hardPause: w.tone = 3
        default: w.tone = 1
        }
    default: return nil
    }
    return w
}

@available(iOS 18, macCatalyst 18, visionOS 2, watchOS 11, *)
private func number(_ kind: Handle.Kind) -> Int {
    switch kind {
    case .phoneNumber: return 2
    case .emailAddress: return 3
    default: return 1
    }
}
#endif
