import CallKit
import Foundation

/// CallDirectoryHandler tells the system whose numbers are blocked and who calls from which number. The system starts it in a
/// process of its own, when the app asks for it (CXCallDirectoryManager.reloadExtension) or the user switches it on.
final class CallDirectoryHandler: CXCallDirectoryProvider, CXCallDirectoryExtensionContextDelegate {
    /// Where the app left its contacts.
    var shelf = Shelf.shared

    override func beginRequest(with context: CXCallDirectoryExtensionContext) {
        context.delegate = self
        guard let shelf else { return context.completeRequest() }
        let book = ContactBook(shelf: shelf)
        let plan = DirectoryPlan(book.contacts)
        if context.isIncremental, let told = book.told {
            let changes = plan.changes(from: told)
            for n in changes.unblock { context.removeBlockingEntry(withPhoneNumber: n) }
            for n in changes.block { context.addBlockingEntry(withNextSequentialPhoneNumber: n) }
            for n in changes.forget { context.removeIdentificationEntry(withPhoneNumber: n) }
            for e in changes.learn { context.addIdentificationEntry(withNextSequentialPhoneNumber: e.number, label: e.label) }
        } else {
            if context.isIncremental {
                context.removeAllBlockingEntries()
                context.removeAllIdentificationEntries()
            }
            for n in plan.blocked { context.addBlockingEntry(withNextSequentialPhoneNumber: n) }
            for e in plan.known { context.addIdentificationEntry(withNextSequentialPhoneNumber: e.number, label: e.label) }
        }
        book.told = plan
        context.completeRequest()
    }

    /// The system took nothing of it: the next time everything is said anew.
    func requestFailed(for extensionContext: CXCallDirectoryExtensionContext, withError error: any Error) {
        if let shelf { ContactBook(shelf: shelf).told = nil }
    }
}
