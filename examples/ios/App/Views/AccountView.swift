import SwiftUI

/// AccountView is where the example learns who it is. A real app logs in at its backend, which signs the token.
struct AccountView: View {
    let telephone: Telephone
    @Environment(\.dismiss) private var dismiss
    @State private var server = "http://192.168.1.20:8787"
    @State private var user = ""
    @State private var token = ""
    @State private var problem = ""

    var body: some View {
        Form {
            TextField("Server", text: $server).keyboardType(.URL).textInputAutocapitalization(.never)
            TextField("User", text: $user).textInputAutocapitalization(.never)
            TextField("What `ringtrip token` printed", text: $token).textInputAutocapitalization(.never)
            Button("Log in") {
                do {
                    let moved = telephone.account.map { $0.server.absoluteString != server } ?? true
                    try telephone.logIn(Account(server: server, user: user, token: token))
                    if moved { problem = "Saved. Start the app again, so that it speaks to this server." } else { dismiss() }
                } catch {
                    problem = "\(error)"
                }
            }
            Text(problem).foregroundColor(.red)
        }
        .onAppear {
            if let a = telephone.account { (server, user, token) = (a.server.absoluteString, a.user, a.token) }
        }
    }
}
