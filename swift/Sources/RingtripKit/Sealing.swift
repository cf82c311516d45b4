import Foundation
#if canImport(CryptoKit)
import CryptoKit
#endif
#if canImport(Security)
import Security
#endif

/// RingtripSealing has callers' names and handles encrypted for this device (HPKE, RFC 9180; docs/security.md says how). The
/// key pair is made here, the private key never leaves the device, and the public one is registered with the server. A call
/// whose caller can't be opened rings all the same, under ``placeholder``.
public struct RingtripSealing: Sendable {
    /// Where the private key is kept.
    public var keys: any RingtripKeyStore
    /// What a call is shown as that can't be opened (yet), in the user's language; empty is "Incoming call".
    public var placeholder: String

    /// Makes one. `keys` nil is the keychain (``KeychainKeyStore``), or a file in the app's support folder where there is none.
    public init(keys: (any RingtripKeyStore)? = nil, placeholder: String = "") {
        #if canImport(Security)
        self.keys = keys ?? KeychainKeyStore()
        #else
        self.keys = keys ?? FileKeyStore(folder: RingtripConfiguration.supportFolder() ?? FileManager.default.temporaryDirectory)
        #endif
        self.placeholder = placeholder
    }

    /// A new private key: 32 bytes of X25519.
    static func newKey() -> Data {
        #if canImport(CryptoKit)
        return Curve25519.KeyAgreement.PrivateKey().rawRepresentation
        #else
        var random = SystemRandomNumberGenerator() // any 32 bytes are a key (RFC 7748 §5)
        return Data((0..<keySize).map { _ in UInt8.random(in: 0...255, using: &random) })
        #endif
    }

    static let keySize = 32
}

/// RingtripKeyStore keeps this device's private sealing key.
public protocol RingtripKeyStore: Sendable {
    /// Returns the key, 32 bytes; the first time it makes one and keeps it. It is called from any thread and while a push waits
    /// for its report, so it must not ask the user, the network or another thread. It throws if the key can't be read now, as
    /// before the first unlock of an iPhone that was restarted, and must not make another one then.
    func sealKey() throws -> Data
}

/// SealKeyError says why the sealing key can't be read.
public struct SealKeyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong, for people.
    public var text: String

    public var description: String { text }
}

#if canImport(Security)
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

/// FileKeyStore keeps the key in a file without protection, for an app that must show names even before the first unlock, and
/// where there is no keychain. Whoever can read the app's files can read the key.
public struct FileKeyStore: RingtripKeyStore {
    /// Where the file is.
    public var folder: URL

    public init(folder: URL) { self.folder = folder }

    public func sealKey() throws -> Data {
        let file = folder.appendingPathComponent("ringtrip-seal-key")
        if let known = try read(file) { return known }
        let new = RingtripSealing.newKey()
        // It is written beside and then linked to its name, so that nobody ever reads half of it, and of two that make one
        // at once the second finds the first one's.
        let beside = folder.appendingPathComponent("ringtrip-seal-key-" + UUID().uuidString)
        var attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        #if os(iOS) || os(visionOS)
        attributes[.protectionKey] = FileProtectionType.none
        #endif
        guard FileManager.default.createFile(atPath: beside.path, contents: new, attributes: attributes) else {
            throw SealKeyError(text: "the sealing key can't be written into \(folder.path)")
        }
        defer { try? FileManager.default.removeItem(at: beside) }
        try? FileManager.default.linkItem(at: beside, to: file)
        guard let kept = try read(file) else { throw SealKeyError(text: "the sealing key can't be written into \(folder.path)") }
        return kept
    }

    private func read(_ file: URL) throws -> Data? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        guard let key = try? Data(contentsOf: file), key.count == RingtripSealing.keySize else {
            throw SealKeyError(text: "\(file.lastPathComponent) can't be read, or is no sealing key")
        }
        return key
    }
}
