import CallKit
import RingtripKit
import SwiftUI

/// ContactsView lists whom to call.
struct ContactsView: View {
    let telephone: Telephone
    @ObservedObject var ringtrip: Ringtrip
    @State private var contacts: [Contact] = []
    @State private var newName = ""
    @State private var problem: String?

    private var book: ContactBook { ContactBook(shelf: telephone.shelf) }

    var body: some View {
        List {
            if let problem = problem ?? ringtrip.problem?.text { Text(problem).foregroundColor(.red) }
            Text(ringtrip.isOnline ? (ringtrip.isRegistered ? "Ready" : "Registering…") : "Offline").foregroundColor(.secondary)
            ForEach(contacts) { contact in
                HStack {
                    Text(contact.name)
                    Spacer()
                    Button { start(contact, video: false) } label: { Image(systemName: "phone") }
                    Button { start(contact, video: true) } label: { Image(systemName: "video") }
                }
                .buttonStyle(.borderless)
            }
            .onDelete { gone in
                var left = contacts
                left.remove(atOffsets: gone)
                save(left)
            }
            TextField("A user's name, then return", text: $newName)
                .onSubmit {
                    save(contacts + [Contact(id: newName, name: newName.capitalized)])
                    newName = ""
                }
        }
        .onAppear { contacts = book.contacts }
    }

    private func save(_ new: [Contact]) {
        contacts = new
        book.contacts = new
        CXCallDirectoryManager.sharedInstance.reloadExtension(withIdentifier: "com.example.ringtrip.directory") { _ in }
    }

    private func start(_ contact: Contact, video: Bool) {
        Task {
            do {
                problem = nil
                _ = try await ringtrip.start(to: contact.id, name: contact.name, video: video)
            } catch {
                problem = error.localizedDescription
            }
        }
    }
}
