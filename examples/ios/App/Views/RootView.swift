import RingtripKit
import SwiftUI

/// RootView shows the call if there is one, and else whom to call.
struct RootView: View {
    let telephone: Telephone
    @ObservedObject var ringtrip: Ringtrip
    @State private var isLoggingIn = false

    var body: some View {
        if let call = telephone.shownCall {
            CallView(call: call, ringtrip: ringtrip)
        } else {
            NavigationView {
                ContactsView(telephone: telephone, ringtrip: ringtrip)
                    .navigationTitle("Ringtrip Example")
                    .toolbar { Button("Account") { isLoggingIn = true } }
            }
            .sheet(isPresented: $isLoggingIn) { AccountView(telephone: telephone) }
            .onAppear { isLoggingIn = telephone.account == nil }
        }
    }
}
