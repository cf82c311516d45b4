import Foundation

/// SealedPush finds a call in an alert push that your server sealed end to end, so that neither Apple nor ringtrip's server
/// can read who calls. The notification service extension opens it and hands the call to the system, which launches the
/// app with what is returned here as an ordinary VoIP push.
enum SealedPush {
    /// Returns the payload of the VoIP push, or nil if the notification is about no call and is to be shown as it is.
    /// - Parameter open: undoes what your server did, as with CryptoKit's ChaChaPoly and a key of the keychain.
    static func call(in userInfo: [AnyHashable: Any], open: (Data) throws -> Data) -> [AnyHashable: Any]? {
        guard let sealed = (userInfo["sealed"] as? String).flatMap({ Data(base64Encoded: $0) }), let opened = try? open(sealed),
            let payload = (try? JSONSerialization.jsonObject(with: opened)) as? [String: Any], payload["ringtrip"] is [String: Any]
        else { return nil }
        return payload
    }
}
