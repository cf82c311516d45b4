import Foundation

/// Account is who is logged in here, and where.
struct Account: Codable, Equatable, Sendable {
    /// The ringtrip server, as http://192.168.1.20:8787.
    var server: URL
    /// The user's name at your backend; for people.
    var user: String
    /// What your backend signed for the user; here, what `ringtrip token` printed.
    var token: String

    /// Reads what a person typed. Throws a text that says what is wrong.
    init(server: String, user: String, token: String) throws {
        guard let url = URL(string: server.trimmingCharacters(in: .whitespaces)), ["http", "https"].contains(url.scheme ?? ""), url.host != nil else {
            throw AccountProblem(text: "The server is not an address like http://192.168.1.20:8787")
        }
        let token = token.trimmingCharacters(in: .whitespacesAndNewlines)
        guard token.split(separator: ".").count == 3 else {
            throw AccountProblem(text: "The token is not what `ringtrip token --user NAME` prints: three parts with dots between them")
        }
        (self.server, self.user, self.token) = (url, user, token)
    }
}

/// AccountProblem says what a person typed wrong.
struct AccountProblem: Error, Equatable, CustomStringConvertible {
    var text: String
    var description: String { text }
}

/// Shelf keeps small values as files in the folder that the app shares with its extensions (an app group). Files are readable
/// from the first unlock on, for a push may launch the app on a locked phone.
struct Shelf: Sendable {
    static let group = "group.com.example.ringtrip"
    var folder: URL

    /// The app group's folder; nil without the entitlement com.apple.security.application-groups.
    static var shared: Shelf? {
        #if os(Linux)
        nil
        #else
        FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: group).map(Shelf.init(folder:))
        #endif
    }

    func load<T: Decodable>(_ type: T.Type, _ name: String) -> T? {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent(name + ".json")) else { return nil }
        return try? JSONDecoder().decode(type, from: data)
    }

    func save<T: Encodable>(_ value: T?, _ name: String) throws {
        let file = folder.appendingPathComponent(name + ".json")
        guard let value else {
            try? FileManager.default.removeItem(at: file)
            return
        }
        #if os(Linux)
        let options: Data.WritingOptions = [.atomic]
        #else
        let options: Data.WritingOptions = [.atomic, .completeFileProtectionUntilFirstUserAuthentication]
        #endif
        try JSONEncoder().encode(value).write(to: file, options: options)
    }
}
