import Foundation
import RingtripSeal
import UserNotifications

/// MissedCall puts who called into the notification of a missed call, whose caller the server has encrypted for this device.
enum MissedCall {
    /// Where app and extension share the sealing key: the keychain, by the app group.
    static var sealing: RingtripSealing? {
        #if os(Linux)
        nil
        #else
        RingtripSealing(accessGroup: "group.com.example.ringtrip")
        #endif
    }

    /// Returns what is to be shown: with the caller's name as the title, or in the place of the "…" that stands for it in a
    /// text of the app's own. Nil is what came: nobody is sealed in it, or can't be opened now.
    static func named(_ content: UNNotificationContent, by sealing: RingtripSealing?) -> UNNotificationContent? {
        guard let caller = try? sealing?.caller(in: content.userInfo), let new = content.mutableCopy() as? UNMutableNotificationContent else { return nil }
        let who = caller.name.isEmpty ? caller.handle : caller.name
        if who.isEmpty { return nil }
        if new.title.isEmpty && !new.body.contains("…") {
            new.title = who
        } else {
            new.title = new.title.replacingOccurrences(of: "…", with: who)
            new.body = new.body.replacingOccurrences(of: "…", with: who)
        }
        return new
    }
}
