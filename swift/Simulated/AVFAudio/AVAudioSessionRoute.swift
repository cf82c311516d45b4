import Foundation
import RingtripEngine

/// An input, an output, or a device that is both.
open class AVAudioSessionPortDescription: NSObject, @unchecked Sendable {
    public let portType: AVAudioSession.Port
    public let portName: String
    public let uid: String

    init(_ p: SystemPort) {
        portType = AVAudioSession.Port(rawValue: p.type)
        portName = p.name
        uid = p.uid
    }

    open override func isEqual(_ object: Any?) -> Bool { (object as? AVAudioSessionPortDescription)?.uid == uid }
    open override var hash: Int { uid.hashValue }
}

/// Where sound comes in and goes out. Either may be empty.
open class AVAudioSessionRouteDescription: NSObject, @unchecked Sendable {
    public let inputs: [AVAudioSessionPortDescription]
    public let outputs: [AVAudioSessionPortDescription]

    init(_ r: SystemRoute) {
        inputs = r.inputs.map(AVAudioSessionPortDescription.init)
        outputs = r.outputs.map(AVAudioSessionPortDescription.init)
    }
}
