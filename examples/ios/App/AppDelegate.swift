import RingtripKit
import RingtripWebRTC
import UIKit

final class AppDelegate: NSObject, UIApplicationDelegate {
    /// Made before anything else, on every launch: a VoIP push may be why the app was launched, and the system can't deliver
    /// it before this exists.
    private(set) var telephone: Telephone!

    func application(_ application: UIApplication, didFinishLaunchingWithOptions options: [UIApplication.LaunchOptionsKey: Any]?) -> Bool {
        telephone = Telephone(shelf: Shelf.shared ?? AppDelegate.ownShelf, media: AppDelegate.media)
        return true
    }

    private static var media: any CallMediaFactory {
        #if canImport(WebRTC)
        WebRTCMedia()
        #else
        SilentMedia() // rings, and carries no sound
        #endif
    }

    /// Without an app group the extensions know nothing, and the rest works.
    private static var ownShelf: Shelf {
        let folder = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return Shelf(folder: folder)
    }
}
