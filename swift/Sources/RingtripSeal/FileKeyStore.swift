import Foundation

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
