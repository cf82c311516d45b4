import Foundation
import RingtripKit

/// Telephone is the app's calls: the one Ringtrip, made at every launch, and the account that it speaks for. This is all the
/// call code that an app needs.
@MainActor
final class Telephone {
    let ringtrip: Ringtrip
    let shelf: Shelf
    private let desk: AccountDesk

    /// Made in `application(_:didFinishLaunchingWithOptions:)`, before anything that may fail or wait.
    init(shelf: Shelf, media: any CallMediaFactory, customize: (inout RingtripConfiguration) -> Void = { _ in }) {
        self.shelf = shelf
        let account = shelf.load(Account.self, "account")
        let desk = AccountDesk(account)
        self.desk = desk
        // Without an account there is no server yet; pushes can't come then, and the next launch has one.
        var c = RingtripConfiguration(serverURL: account?.server ?? Telephone.nowhere, media: media, token: { try desk.token() })
        c.log = { print("ringtrip:", $0) }
        c.sealing = MissedCall.sealing
        customize(&c)
        ringtrip = Ringtrip(c)
    }

    nonisolated static let nowhere = URL(string: "https://ringtrip.invalid")!

    var account: Account? { desk.account }

    /// Logs in. A change of the server takes effect at the next launch, of the user at once.
    func logIn(_ account: Account) throws {
        try shelf.save(account, "account")
        desk.account = account
        ringtrip.signedIn()
    }

    func logOut() throws {
        try shelf.save(Account?.none, "account")
        desk.account = nil
        ringtrip.signedOut()
    }

    /// The call that a screen of the app's own shows: the one that talks or rings, and else the newest that lives.
    var shownCall: RingtripCall? {
        let live = ringtrip.calls.filter { $0.state != .ended }
        return live.first(where: \.isInFront) ?? live.last
    }
}

/// AccountDesk hands the token out to the engine's threads.
private final class AccountDesk: @unchecked Sendable {
    private let lock = NSLock()
    private var now: Account? // guarded by lock

    init(_ account: Account?) { now = account }

    var account: Account? {
        get {
            lock.lock()
            defer { lock.unlock() }
            return now
        }
        set {
            lock.lock()
            defer { lock.unlock() }
            now = newValue
        }
    }

    func token() throws -> String {
        guard let account else { throw AccountProblem(text: "nobody is logged in") }
        return account.token
    }
}
