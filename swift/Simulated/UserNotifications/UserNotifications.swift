// UserNotifications for Linux: a notification service extension of Apple's API on the simulated iPhone, written from Apple's
// public documentation. What else there is in UserNotifications is left out.
@_exported import Foundation
import RingtripEngine
import RingtripSimulator

/// What a notification shows.
open class UNNotificationContent: NSObject, NSCopying, NSMutableCopying {
    var text = (title: "", subtitle: "", body: "")
    var info: [AnyHashable: Any] = [:]

    public override init() {}

    public var title: String { text.title }
    public var subtitle: String { text.subtitle }
    public var body: String { text.body }
    /// The payload of the push.
    public var userInfo: [AnyHashable: Any] { info }

    open func copy(with zone: NSZone? = nil) -> Any { filled(UNNotificationContent()) }
    open func mutableCopy(with zone: NSZone? = nil) -> Any { filled(UNMutableNotificationContent()) }

    private func filled<C: UNNotificationContent>(_ c: C) -> C {
        c.text = text
        c.info = info
        return c
    }
}

/// Content that may be changed.
open class UNMutableNotificationContent: UNNotificationContent {
    public override var title: String {
        get { text.title }
        set { text.title = newValue }
    }
    public override var subtitle: String {
        get { text.subtitle }
        set { text.subtitle = newValue }
    }
    public override var body: String {
        get { text.body }
        set { text.body = newValue }
    }
    public override var userInfo: [AnyHashable: Any] {
        get { info }
        set { info = newValue }
    }
}

/// A notification that has come.
open class UNNotificationRequest: NSObject {
    public let identifier: String
    public let content: UNNotificationContent

    init(_ n: SystemNotification) {
        identifier = n.identifier
        content = UNNotificationContent()
        content.text = (n.title, "", n.body)
        let object = n.userInfo.flatMap { try? JSONSerialization.jsonObject(with: $0) }
        content.info = object as? [String: Any] ?? [:]
    }
}

/// Code that may change an alert push with mutable-content before it is shown, as by decrypting it. The system makes one for
/// each push.
open class UNNotificationServiceExtension: NSObject {
    public override init() {}

    /// `contentHandler` must be called within about 30 s, with what is to be shown.
    open func didReceive(_ request: UNNotificationRequest, withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void) {
        contentHandler(request.content)
    }

    /// The last moment to call it. If it is not, the push is shown as it came.
    open func serviceExtensionTimeWillExpire() {}
}

extension SimulatedPhone {
    /// Says what the app's notification service extension is, whose trait is notificationService.
    public func install(notificationService make: @escaping () -> UNNotificationServiceExtension) {
        install(extension: "notificationService") { process in
            let service = make()
            process.keep(service)
            process.on(.notificationReceived) { [weak process] m in
                service.didReceive(UNNotificationRequest(m.notification ?? SystemNotification())) { content in
                    process?.send(SystemMessage(
                        op: .notificationShow, ticket: m.ticket, notification: SystemNotification(title: content.title, body: content.body)))
                }
                return SystemMessage()
            }
            process.on(.notificationWillExpire) { _ in
                service.serviceExtensionTimeWillExpire()
                return SystemMessage()
            }
        }
    }
}
