import Foundation
#if canImport(CryptoKit)
import CryptoKit
#endif

/// RingtripSealing has callers' names and handles encrypted for this device (HPKE, RFC 9180; docs/security.md says how). The
/// key pair is made here, the private key never leaves the device, and the public one is registered with the server. A call
/// whose caller can't be opened rings all the same, under ``placeholder``.
public struct RingtripSealing: Sendable {
    /// Where the private key is kept.
    public var keys: any RingtripKeyStore
    /// What a call is shown as that can't be opened (yet), in the user's language; empty is "Incoming call".
    public var placeholder: String

    /// Makes one that keeps its key where `keys` says.
    public init(keys: any RingtripKeyStore, placeholder: String = "") {
        self.keys = keys
        self.placeholder = placeholder
    }

    #if canImport(Security)
    /// Makes one that keeps its key in the keychain. `accessGroup` is the keychain access group that an extension of the app
    /// shares, so that it can open callers, too.
    public init(accessGroup: String? = nil, placeholder: String = "") {
        self.init(keys: KeychainKeyStore(accessGroup: accessGroup), placeholder: placeholder)
    }
    #endif

    /// A new private key: 32 bytes of X25519.
    package static func newKey() -> Data {
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

    public init(text: String) { self.text = text }

    public var description: String { text }
}
