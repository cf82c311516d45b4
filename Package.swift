// swift-tools-version: 6.0
// The Swift package: the engine (a static library made from Go, behind capi/ringtrip.h) and what stands on it.
//
// On Linux the modules CallKit, PushKit, AVFAudio, AVFoundation, Intents and LiveCommunicationKit are ours: Apple's API
// on top of the simulated iPhone. The library is built and found by `make test-swift`.
import PackageDescription

var products: [Product] = []
var targets: [Target] = []

#if os(Linux)
targets += [
    .systemLibrary(name: "CRingtrip", path: "swift/CRingtrip"),
    .target(name: "RingtripEngine", dependencies: ["CRingtrip"], path: "swift/Sources/RingtripEngine"),
    .target(name: "RingtripSimulator", dependencies: ["CRingtrip", "RingtripEngine"], path: "swift/Sources/RingtripSimulator"),
    .target(name: "PushKit", dependencies: ["RingtripSimulator", "RingtripEngine"], path: "swift/Simulated/PushKit"),
    .target(name: "AVFAudio", dependencies: ["RingtripSimulator", "RingtripEngine"], path: "swift/Simulated/AVFAudio"),
    .target(name: "AVFoundation", dependencies: ["AVFAudio"], path: "swift/Simulated/AVFoundation"),
    .target(name: "CallKit", dependencies: ["RingtripSimulator", "RingtripEngine", "AVFAudio"], path: "swift/Simulated/CallKit"),
    .target(name: "Intents", dependencies: ["RingtripSimulator", "RingtripEngine"], path: "swift/Simulated/Intents"),
    .target(name: "UserNotifications", dependencies: ["RingtripSimulator", "RingtripEngine"], path: "swift/Simulated/UserNotifications"),
    .target(name: "LiveCommunicationKit", dependencies: ["RingtripSimulator", "RingtripEngine", "AVFAudio"],
        path: "swift/Simulated/LiveCommunicationKit"),
    // An app as it is written for iOS, which knows nothing of the simulated iPhone. (Who imports AVFoundation must name
    // AVFAudio too, or is not built anew when that changes.)
    .target(name: "ClassicApp", dependencies: ["CallKit", "PushKit", "AVFoundation", "AVFAudio"], path: "swift/Tests/ClassicApp",
        swiftSettings: [.swiftLanguageMode(.v5)]),
    .testTarget(name: "SimulatedTests", dependencies: [
        "ClassicApp", "CallKit", "PushKit", "AVFoundation", "AVFAudio", "Intents", "UserNotifications",
        "LiveCommunicationKit", "RingtripSimulator",
    ],
        path: "swift/Tests/SimulatedTests", swiftSettings: [.swiftLanguageMode(.v5)]),
    .target(name: "RingtripSeal", dependencies: ["RingtripEngine"], path: "swift/Sources/RingtripSeal"),
    .target(name: "RingtripKit", dependencies: [
        "RingtripEngine", "RingtripSeal", "RingtripSimulator", "CallKit", "PushKit", "AVFAudio", "AVFoundation", "Intents", "LiveCommunicationKit",
    ],
        path: "swift/Sources/RingtripKit"),
    .testTarget(name: "RingtripKitTests", dependencies: ["RingtripKit", "RingtripSeal", "RingtripEngine", "RingtripSimulator", "Intents"],
        path: "swift/Tests/RingtripKitTests", exclude: ["Scenarios"]),
]
products += [
    .library(name: "RingtripSimulator", targets: ["RingtripSimulator", "CallKit", "PushKit", "AVFAudio", "AVFoundation", "Intents", "UserNotifications", "LiveCommunicationKit"]),
]
#else
targets += [
    .binaryTarget(name: "CRingtrip", path: "build/CRingtrip.xcframework"), // made by `make xcframework`
    .target(name: "RingtripEngine", dependencies: ["CRingtrip"], path: "swift/Sources/RingtripEngine"),
    .target(name: "RingtripSeal", path: "swift/Sources/RingtripSeal"), // without the engine: for extensions, which have little memory
    .target(name: "RingtripKit", dependencies: ["RingtripEngine", "RingtripSeal"], path: "swift/Sources/RingtripKit"),
]
#endif

products += [.library(name: "RingtripKit", targets: ["RingtripKit"]), .library(name: "RingtripSeal", targets: ["RingtripSeal"])]

// The media adapters: one product each, empty where the SDK is not there. On Linux they stand on stubs of the SDKs.
let adapters = ["WebRTC": "WebRTC", "LiveKit": "LiveKit", "Twilio": "TwilioVoice", "Agora": "AgoraRtcKit", "Daily": "Daily", "Vonage": "VonageClientSDKVoice"]
for (name, sdk) in adapters.sorted(by: { $0.key < $1.key }) {
    var dependencies: [Target.Dependency] = ["RingtripKit"]
    #if os(Linux)
    targets.append(.target(name: sdk, dependencies: ["StubAudio", "AVFoundation"], path: "swift/Tests/Stubs/\(sdk)"))
    dependencies += [.byName(name: sdk), "AVFoundation"]
    #endif
    targets.append(.target(name: "Ringtrip\(name)", dependencies: dependencies, path: "swift/Sources/Ringtrip\(name)"))
    products.append(.library(name: "Ringtrip\(name)", targets: ["Ringtrip\(name)"]))
}
#if os(Linux)
targets += [
    .target(name: "StubAudio", path: "swift/Tests/Stubs/StubAudio"),
    // The example app without its views, which need SwiftUI.
    .target(name: "ExampleCore", dependencies: ["RingtripKit", "RingtripSeal", "CallKit", "Intents", "UserNotifications"], path: "examples/ios",
        exclude: ["App", "Tests", "README.md", "project.yml"]
            + ["CallDirectory", "NotificationService", "Siri"].flatMap { ["\($0)/Info.plist", "\($0)/\($0).entitlements"] },
        sources: ["Core", "CallDirectory/CallDirectoryHandler.swift", "NotificationService/NotificationService.swift", "Siri/IntentHandler.swift"]),
    .testTarget(name: "ExampleTests", dependencies: ["ExampleCore", "RingtripKit", "RingtripSeal", "RingtripSimulator", "CallKit", "Intents", "UserNotifications"],
        path: "examples/ios/Tests"),
    .testTarget(name: "AdapterTests",
        dependencies: adapters.sorted(by: { $0.key < $1.key }).flatMap { [.byName(name: "Ringtrip\($0.key)"), .byName(name: $0.value)] }
            + ["RingtripKit", "RingtripSimulator", "StubAudio"],
        path: "swift/Tests/AdapterTests"),
]
#endif

let package = Package(
    name: "ringtrip",
    platforms: [.iOS(.v15)],
    products: products,
    targets: targets
)
