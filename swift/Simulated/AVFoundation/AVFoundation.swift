// AVFoundation for Linux is only what it hands on of AVFAudio: capture and playback are not simulated.
@_exported import AVFAudio
