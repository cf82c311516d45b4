import CallKit
import Foundation
import RingtripSeal
import UserNotifications

/// NotificationService opens sealed alert pushes: who called, in the notification of a missed call, and calls themselves. One
/// that is a call it hands to the system instead of showing it, which needs the entitlement com.apple.developer.usernotifications.filtering; Apple gives it to apps that are end-to-end
/// encrypted, on request.
final class NotificationService: UNNotificationServiceExtension {
    /// Finds the call in a push; put the opening of what your server sealed here. The example's server seals nothing.
    var call: ([AnyHashable: Any]) -> [AnyHashable: Any]? = { SealedPush.call(in: $0) { $0 } }
    /// Opens who called.
    var sealing = MissedCall.sealing
    private var show: (() -> Void)?

    override func didReceive(_ request: UNNotificationRequest, withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void) {
        let content = MissedCall.named(request.content, by: sealing) ?? request.content
        let show = { contentHandler(content) }
        self.show = show
        guard let call = call(content.userInfo) else { return show() }
        CXProvider.reportNewIncomingVoIPPushPayload(call) { error in
            if error == nil {
                contentHandler(UNNotificationContent()) // empty: nothing is shown, for the app rings
            } else {
                show()
            }
        }
    }

    override func serviceExtensionTimeWillExpire() { show?() }
}
