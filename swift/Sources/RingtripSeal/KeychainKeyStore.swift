#if canImport(Security)
import Foundation
import Security

/// KeychainKeyStore keeps the key in the keychain, readable from the first unlock on, on this device only: most calls come
/// while the phone is locked, and a key that were restored to another device would be that one's, too.
public struct KeychainKeyStore: RingtripKeyStore {
    /// Names the item.
    public var service: String
    /// The keychain access group by which extensions of the app share the key; nil is the app's own.
    public var accessGroup: String?

    public init(service: String = "ringtrip.seal", accessGroup: String? = nil) {
        self.service = service
        self.accessGroup = accessGroup
    }

    public func sealKey() throws -> Data {
        if let known = try read() { return known }
        let new = RingtripSealing.newKey()
        var item = query
        item[kSecValueData as String] = new
        item[kSecAttrAccessible as String] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
        switch SecItemAdd(item as CFDictionary, nil) {
        case errSecSuccess: return new
        case errSecDuplicateItem: // an extension was faster
            if let known = try read() { return known }
            throw SealKeyError(text: "the keychain has the sealing key and does not show it")
        case let status: throw SealKeyError(text: "the keychain does not take the sealing key (\(status))")
        }
    }

    /// The key, nil if there is none. A locked keychain is an error, and no reason to make another one.
    private func read() throws -> Data? {
        var wanted = query
        wanted[kSecReturnData as String] = true
        wanted[kSecMatchLimit as String] = kSecMatchLimitOne
        var found: CFTypeRef?
        switch SecItemCopyMatching(wanted as CFDictionary, &found) {
        case errSecSuccess:
            guard let key = found as? Data, key.count == RingtripSealing.keySize else { throw SealKeyError(text: "the keychain's sealing key is none") }
            return key
        case errSecItemNotFound: return nil
        case errSecInteractionNotAllowed: throw SealKeyError(text: "the keychain is locked until the first unlock")
        case let status: throw SealKeyError(text: "the keychain does not show the sealing key (\(status))")
        }
    }

    private var query: [String: Any] {
        var q: [String: Any] = [
            kSecClass as String: kSecClassGenericPassword, kSecAttrService as String: service, kSecAttrAccount as String: "device",
            kSecUseDataProtectionKeychain as String: true,
        ]
        if let accessGroup { q[kSecAttrAccessGroup as String] = accessGroup }
        return q
    }
}
#endif
