import Foundation
#if canImport(CryptoKit)
import CryptoKit
#else
import RingtripEngine
#endif

/// RingtripCaller is who calls, or called, as a push had it encrypted for this device.
public struct RingtripCaller: Sendable, Hashable {
    /// What the caller is called; may be empty.
    public var name: String
    /// How the caller is called back; may be empty.
    public var handle: String
    /// What that is: CXHandle.HandleType's raw value, 1 generic, 2 a telephone number, 3 an e-mail address.
    public var handleKind: Int

    public init(name: String, handle: String, handleKind: Int = 1) {
        self.name = name
        self.handle = handle
        self.handleKind = handleKind
    }
}

extension RingtripSealing {
    /// Opens who calls, or called, for a notification service extension: the app's own calls are opened by themselves. It needs
    /// nothing but this module, which has no engine in it, for an extension has little memory. It takes iOS 17.
    /// - Parameters:
    ///   - payload: `userInfo` of the notification of a missed call, or a VoIP push's payload.
    ///   - deviceID: ``RingtripConfiguration``'s; nil is what the notification says.
    /// - Returns: nil if nobody is sealed in it: then who called is there as plain text, or it is about no call.
    /// - Throws: a ``SealKeyError`` if the key can't be read now, or it was sealed for another one.
    public func caller(in payload: [AnyHashable: Any], deviceID: String? = nil) throws -> RingtripCaller? {
        let about = payload["missed_call"] ?? payload["ringtrip"]
        guard let about = about as? [String: Any], let text = about["sealed"] as? String, !text.isEmpty else { return nil }
        guard let sealed = Data(base64Encoded: text), let call = about["call"] as? String, let device = deviceID ?? (about["device"] as? String) else {
            throw SealKeyError(text: "the sealed caller is not complete")
        }
        return try open(sealed, call: call.lowercased(), device: device, key: try keys.sealKey())
    }

    #if canImport(CryptoKit)
    /// HPKE's base mode as Go's signaling.Seal does it: a version byte, the encapsulated key, the ciphertext.
    private func open(_ sealed: Data, call: String, device: String, key: Data) throws -> RingtripCaller {
        guard #available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *) else {
            throw SealKeyError(text: "opening a caller takes iOS 17")
        }
        let bytes = Data(sealed) // whose indices begin with 0
        guard bytes.count > 33, bytes[0] == 1 else { throw SealKeyError(text: "it is of a version that this app is too old for") }
        do {
            var recipient = try HPKE.Recipient(
                privateKey: Curve25519.KeyAgreement.PrivateKey(rawRepresentation: key), ciphersuite: .Curve25519_SHA256_ChachaPoly,
                info: Data("ringtrip caller v1\0\(call)\0\(device)".utf8), encapsulatedKey: bytes[1..<33])
            let said = try JSONDecoder().decode(Said.self, from: try recipient.open(bytes[33...]))
            return RingtripCaller(name: said.n ?? "", handle: said.h ?? "", handleKind: said.t.map { (1...3).contains($0) ? $0 : 1 } ?? 1)
        } catch {
            throw SealKeyError(text: "it was sealed for another key, call or device: \(error)")
        }
    }

    private struct Said: Decodable {
        var n: String?
        var h: String?
        var t: Int?
    }
    #else
    private func open(_ sealed: Data, call: String, device: String, key: Data) throws -> RingtripCaller {
        let said = SealedCaller.open(EngineSealed(key: key, call: call, device: device, sealed: sealed))
        guard said.error.isEmpty else { throw SealKeyError(text: said.error) }
        return RingtripCaller(name: said.name, handle: said.handle.value, handleKind: said.handle.type)
    }
    #endif
}
