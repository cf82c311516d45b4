import Foundation
import RingtripEngine

/// The life of the app as UIKit would tell it.
extension SimulatedProcess {
    /// UIApplication.State.
    public enum ApplicationState: Int, Sendable {
        case active = 0
        case inactive = 1
        case background = 2
    }

    /// How the app stands with the user.
    public var applicationState: ApplicationState {
        ApplicationState(rawValue: send(SystemMessage(op: .applicationState)).state) ?? .background
    }

    /// Has the app told that it came to the front.
    public func onDidBecomeActive(_ f: @escaping () -> Void) {
        on(.didBecomeActive) { _ in
            f()
            return SystemMessage()
        }
        listenToApplication()
    }

    /// Has the app told that it left the front.
    public func onDidEnterBackground(_ f: @escaping () -> Void) {
        on(.didEnterBackground) { _ in
            f()
            return SystemMessage()
        }
        listenToApplication()
    }

    /// Has the app told of URLs that it is to open, as of a default calling app.
    public func onOpenURL(_ f: @escaping (String) -> Void) {
        on(.applicationOpenURL) { m in
            f(m.name)
            return SystemMessage()
        }
        listenToApplication()
    }

    /// Has the phone tell of the app's life.
    public func listenToApplication() {
        send(SystemMessage(op: .applicationSetDelegate, on: true, implements: ["scene", "openURL"]))
    }

    /// Asks for time after the app has left the front; `end` gives it back.
    public func beginBackgroundTask(_ name: String, expired: @escaping () -> Void) -> () -> Void {
        let t = ticket { _ in expired() }
        send(SystemMessage(op: .applicationBeginTask, ticket: t, name: name))
        return {
            self.forget(ticket: t)
            self.send(SystemMessage(op: .applicationEndTask, ticket: t))
        }
    }
}
