import Foundation
#if canImport(Intents)
import Intents
#endif
import RingtripEngine

// What the user asks for outside of the app: Recents, Siri, the video button, links.

#if canImport(Intents)
/// described is a user activity that calls somebody; nil for one that does not.
func described(_ activity: NSUserActivity) -> SystemActivity? {
    #if !os(macOS)
    if let intent = activity.interaction?.intent as? INStartCallIntent {
        let contacts = (intent.contacts ?? []).compactMap { person -> SystemContact? in
            guard let handle = person.personHandle, let value = handle.value, !value.isEmpty else { return nil }
            return SystemContact(handle: SystemHandle(type: kind(handle.type), value: value), name: person.displayName)
        }
        if !contacts.isEmpty {
            return SystemActivity(type: activity.activityType, contacts: contacts, callCapability: intent.callCapability.rawValue, intent: true)
        }
    }
    #endif
    // Newer systems were seen to set the handle beside the intent, and older intents are not classes any more.
    guard activity.activityType.hasPrefix("INStart"), let value = activity.userInfo?["handle"] as? String, !value.isEmpty else { return nil }
    let video = activity.activityType == "INStartVideoCallIntent" ? 2 : 1
    return SystemActivity(
        type: activity.activityType, contacts: [SystemContact(handle: SystemHandle(type: guess(value), value: value))], callCapability: video, intent: true)
}
#endif

/// described is a link that calls somebody, as the default calling app gets them; nil for another link.
func described(_ url: URL) -> SystemActivity? {
    let schemes = ["tel": 1, "telephony": 1, "facetime-audio": 1, "facetime": 2]
    guard let scheme = url.scheme?.lowercased(), let capability = schemes[scheme],
        let rest = URLComponents(url: url, resolvingAgainstBaseURL: false)
    else { return nil }
    let value = (rest.host ?? rest.path).trimmingCharacters(in: CharacterSet(charactersIn: "/ "))
    guard !value.isEmpty, value.utf8.count <= 256 else { return nil }
    return SystemActivity(
        type: "INStartCallIntent", contacts: [SystemContact(handle: SystemHandle(type: guess(value), value: value))], callCapability: capability,
        intent: true)
}

/// guess is CXHandle.HandleType of a handle that does not say.
private func guess(_ value: String) -> Int {
    if value.contains("@") { return 3 }
    let digits = value.filter(\.isNumber).count
    return digits >= 3 && value.allSatisfy { $0.isNumber || "+-() .".contains($0) } ? 2 : 1
}

#if canImport(Intents) && !os(macOS)
/// kind is CXHandle.HandleType for an INPersonHandleType.
private func kind(_ type: INPersonHandleType) -> Int {
    switch type {
    case .emailAddress: return 3
    case .phoneNumber: return 2
    default: return 1
    }
}

/// donate tells the system of a call that is over, with the handle that calls back, so that Siri and Spotlight know whom to
/// call (Apple: donate at the end, with stable handles).
@MainActor
func donate(_ call: RingtripCall) {
    let types: [RingtripHandle.Kind: INPersonHandleType] = [.phoneNumber: .phoneNumber, .emailAddress: .emailAddress]
    let person = INPerson(
        personHandle: INPersonHandle(value: call.handle.value, type: types[call.handle.kind] ?? .unknown), nameComponents: nil,
        displayName: call.name.isEmpty ? nil : call.name, image: nil, contactIdentifier: nil, customIdentifier: call.handle.value)
    let intent = INStartCallIntent(
        callRecordFilter: nil, callRecordToCallBack: nil, audioRoute: .unknown, destinationType: .normal, contacts: [person],
        callCapability: call.hasVideo ? .videoCall : .audioCall)
    let interaction = INInteraction(intent: intent, response: nil)
    interaction.identifier = text(call.id)
    interaction.direction = call.isOutgoing ? .outgoing : .incoming
    if let from = call.answeredAt, from < Date() {
        interaction.dateInterval = DateInterval(start: from, end: Date())
    }
    interaction.donate(completion: nil)
}
#else
@MainActor
func donate(_ call: RingtripCall) {}
#endif
