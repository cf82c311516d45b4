import SwiftUI

@main
struct ExampleApp: App {
    @UIApplicationDelegateAdaptor private var delegate: AppDelegate

    var body: some Scene {
        WindowGroup {
            RootView(telephone: delegate.telephone, ringtrip: delegate.telephone.ringtrip)
                // A tap in Recents, Siri, the video button of the system's call screen.
                .onContinueUserActivity("INStartCallIntent") { delegate.telephone.ringtrip.handle($0) }
                // tel: links, if this is the default calling app.
                .onOpenURL { delegate.telephone.ringtrip.handle($0) }
        }
    }
}
