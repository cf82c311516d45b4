import Foundation
import Observation

/// Observed tells Observation (iOS 17) what is read and written; on older systems nobody asks it. The macro @Observable
/// can't be used in a package for iOS 15.
struct Observed: Sendable {
    private let registrar: (any Sendable)?

    init() {
        if #available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *) {
            registrar = ObservationRegistrar()
        } else {
            registrar = nil
        }
    }

    /// Says that `subject`'s property is read.
    @available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *)
    func read<S: Observable, V>(_ subject: S, _ property: KeyPath<S, V>) {
        (registrar as? ObservationRegistrar)?.access(subject, keyPath: property)
    }

    /// Says that `subject`'s property changes by `change`.
    @available(iOS 17, macOS 14, macCatalyst 17, watchOS 10, tvOS 17, visionOS 1, *)
    func write<S: Observable, V>(_ subject: S, _ property: KeyPath<S, V>, _ change: () -> Void) {
        guard let r = registrar as? ObservationRegistrar else { return change() }
        r.willSet(subject, keyPath: property)
        change()
        r.didSet(subject, keyPath: property)
    }
}

#if os(Linux)
/// What libswiftObservation of Swift 6.0 for Linux wants and no library has (swift::threading::fatal): without it nothing
/// that uses Observation can be linked there. It would end the process, and says why.
@_cdecl("_ZN5swift9threading5fatalEPKcz")
public func ringtripThreadingFatal(_ format: UnsafePointer<CChar>?) {
    fatalError(format.map { String(cString: $0) } ?? "swift::threading::fatal")
}
#endif
