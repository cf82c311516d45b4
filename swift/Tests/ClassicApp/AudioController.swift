import AVFoundation

public enum AudioController {
    public nonisolated(unsafe) static var isRunning = false
}

func configureAudioSession() {
    let session = AVAudioSession.sharedInstance()
    do {
        try session.setCategory(.playAndRecord, mode: .voiceChat, options: [.allowBluetooth])
    } catch let error as NSError {
        print("Error configuring audio session: \(error), \(error.userInfo)")
    } catch {
        print("Error configuring audio session: \(error)")
    }
}

func startAudio() {
    AudioController.isRunning = true
}

func stopAudio() {
    AudioController.isRunning = false
}
