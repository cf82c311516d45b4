import Foundation
import Intents

/// IntentHandler lets "Call Bob with Ringtrip Example" find Bob. The call itself is the app's: the system opens it with the
/// intent, and Ringtrip.handle does the rest. On a locked phone that asks for the code first.
final class IntentHandler: INExtension, INStartCallIntentHandling {
    /// Where the app left its contacts.
    var shelf = Shelf.shared

    func resolveContacts(for intent: INStartCallIntent, with completion: @escaping ([INStartCallContactResolutionResult]) -> Void) {
        let wanted = (intent.contacts ?? []).map { $0.displayName.lowercased() }
        let all = shelf.map { ContactBook(shelf: $0).contacts } ?? []
        let found = all.filter { c in wanted.contains { !$0.isEmpty && c.name.lowercased().contains($0) } }.map(person)
        switch found.count {
        case 0: completion(wanted.isEmpty ? [.needsValue()] : [.unsupported()])
        case 1: completion([.success(with: found[0])])
        default: completion([.disambiguation(with: found)])
        }
    }

    func handle(intent: INStartCallIntent, completion: @escaping (INStartCallIntentResponse) -> Void) {
        completion(INStartCallIntentResponse(code: .continueInApp, userActivity: NSUserActivity(activityType: "INStartCallIntent")))
    }

    private func person(_ c: Contact) -> INPerson {
        INPerson(
            personHandle: INPersonHandle(value: c.id, type: .unknown), nameComponents: nil, displayName: c.name, image: nil, contactIdentifier: nil,
            customIdentifier: c.id)
    }
}
