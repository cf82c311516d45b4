import Foundation
import RingtripEngine
import RingtripSimulator

/// What the user wants the app to go on with. It is Foundation's on an iPhone; Foundation for Linux has none.
open class NSUserActivity: NSObject {
    public let activityType: String
    open var title: String?
    open var userInfo: [AnyHashable: Any]?
    open var webpageURL: URL?
    var made: INInteraction?

    public init(activityType: String) { self.activityType = activityType }

    /// The activity that the phone hands over.
    public convenience init(_ a: SystemActivity) {
        self.init(activityType: a.type)
        if !a.handle.isEmpty { userInfo = ["handle": a.handle] }
        guard a.intent else { return }
        switch a.type {
        case INStartAudioCallIntentIdentifier:
            made = INInteraction(intent: INStartAudioCallIntent(destinationType: .normal, contacts: a.contacts.map(INPerson.init)), response: nil)
        case INStartVideoCallIntentIdentifier:
            made = INInteraction(intent: INStartVideoCallIntent(contacts: a.contacts.map(INPerson.init)), response: nil)
        default: made = INInteraction(intent: INStartCallIntent(a), response: nil)
        }
    }
}

extension NSUserActivity {
    /// The interaction that the activity came from, with its intent.
    public var interaction: INInteraction? { made }
}

extension SimulatedProcess {
    /// Calls what stands for the app's `application(_:continue:restorationHandler:)`, and its scene's
    /// `scene(_:continue:)`. On an iPhone UIKit does so.
    public func onUserActivity(_ f: @escaping (NSUserActivity) -> Void) {
        on(.continueUserActivity) { m in
            if let a = m.activity { f(NSUserActivity(a)) }
            return SystemMessage()
        }
        on(.sceneContinue) { m in
            if let a = m.activity { f(NSUserActivity(a)) }
            return SystemMessage()
        }
        on(.sceneWillConnect) { m in
            for a in m.activities { f(NSUserActivity(a)) }
            return SystemMessage()
        }
        listenToApplication()
    }

    /// The user activity that the process was launched with; nil if there was none.
    public var launchActivity: NSUserActivity? { launch.activity.map(NSUserActivity.init) }
}
