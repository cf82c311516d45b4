import Foundation

/// Scenario is a script and the log that it leaves, from the files that package capi/exchange writes in Go.
struct Scenario {
    var file: String
    var name: String
    var os = ""
    var config: [String] = []
    var lines: [String] = []
    var log: [String] = []

    /// All scenarios of the package.
    static func all() throws -> [Scenario] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Scenarios")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }.flatMap(read)
    }

    private static func read(_ file: URL) throws -> [Scenario] {
        var found: [Scenario] = []
        var inLog = false
        for line in try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n") {
            if line.hasPrefix("scenario ") {
                found.append(Scenario(file: file.deletingPathExtension().lastPathComponent, name: String(line.dropFirst(9))))
                inLog = false
            } else if line == "log" {
                inLog = true
            } else if line.hasPrefix("  "), !found.isEmpty {
                found[found.count - 1].add(String(line.dropFirst(2)), inLog)
            }
        }
        return found
    }

    private mutating func add(_ line: String, _ inLog: Bool) {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        switch (inLog, words[0]) {
        case (true, _): log.append(line)
        case (_, "os"): os = words[1]
        case (_, "config"): config.append(words[1])
        default: lines.append(line)
        }
    }
}
