import Foundation

/// Contact is somebody to call. `phone` is for the call directory: digits with the country's code and without a plus.
struct Contact: Codable, Equatable, Identifiable, Sendable {
    var id: String // the user's ID at your backend
    var name: String
    var phone: Int64?
    var isBlocked = false
}

/// DirectoryPlan is what a call directory extension says to the system: who is blocked and who is who. Numbers go in ascending
/// order and none comes twice, or the system refuses the whole directory (CXErrorCodeCallDirectoryManagerError 3 and 4).
struct DirectoryPlan: Codable, Equatable {
    struct Entry: Codable, Equatable {
        var number: Int64
        var label: String
    }

    var blocked: [Int64]
    var known: [Entry]

    init(_ contacts: [Contact]) {
        var labels: [Int64: String] = [:]
        var blocked: Set<Int64> = []
        for c in contacts {
            guard let n = c.phone, n > 0 else { continue }
            if c.isBlocked { blocked.insert(n) } else if labels[n] == nil { labels[n] = c.name }
        }
        self.blocked = blocked.sorted()
        known = labels.sorted { $0.key < $1.key }.map { Entry(number: $0.key, label: $0.value) }
    }

    /// What is to be removed from, and what is to be added to, a directory that has `old`.
    func changes(from old: DirectoryPlan) -> (unblock: [Int64], block: [Int64], forget: [Int64], learn: [Entry]) {
        let (was, now) = (Set(old.blocked), Set(blocked))
        let forget = old.known.filter { !known.contains($0) }.map(\.number)
        return (was.subtracting(now).sorted(), now.subtracting(was).sorted(), forget, known.filter { !old.known.contains($0) })
    }
}

/// ContactBook is the app's contacts, which the extensions read too.
struct ContactBook: Sendable {
    var shelf: Shelf

    var contacts: [Contact] {
        get { shelf.load([Contact].self, "contacts") ?? [] }
        nonmutating set { try? shelf.save(newValue, "contacts") }
    }

    /// What the system was told last.
    var told: DirectoryPlan? {
        get { shelf.load(DirectoryPlan.self, "directory") }
        nonmutating set { try? shelf.save(newValue, "directory") }
    }
}
