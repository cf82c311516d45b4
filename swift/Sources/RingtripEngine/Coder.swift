import Foundation

/// BoundaryCoder writes and reads the messages of the boundary as Go does: zero fields left out, dates as RFC 3339 with up
/// to nanoseconds, bytes as base64.
public enum BoundaryCoder {
    /// The longest message that the library takes, in bytes (capi/ringtrip.h).
    public static let maxLength = 16 << 20

    /// The JSON of a message.
    /// - Throws: ``BoundaryError`` if it would be longer than ``maxLength``.
    public static func encode(_ message: some BoundaryValue) throws -> Data {
        var json = BoundaryWriter()
        message.write(to: &json)
        if json.bytes.count > maxLength { throw BoundaryError("a message of \(json.bytes.count) bytes is too long, at most \(maxLength)") }
        return Data(json.bytes)
    }

    /// A message from its JSON.
    /// - Throws: ``BoundaryError`` if it is none.
    public static func decode<M: BoundaryValue>(_ type: M.Type, from json: Data) throws -> M {
        try json.withUnsafeBytes { try decode(type, from: $0) }
    }

    /// A message from its JSON.
    /// - Throws: ``BoundaryError`` if it is none.
    public static func decode<M: BoundaryValue>(_ type: M.Type, from json: UnsafeRawBufferPointer) throws -> M {
        var reader = BoundaryReader(json)
        let message = try M.read(from: &reader)
        try reader.finish()
        return message
    }

    /// A date as 2026-01-02T03:04:05.123456Z. A Date is a Double, so that more digits would be noise.
    public static func rfc3339(_ date: Date) -> String {
        var seconds = floor(date.timeIntervalSince1970)
        var micros = Int(((date.timeIntervalSince1970 - seconds) * 1e6).rounded())
        if micros == 1_000_000 {
            seconds += 1
            micros = 0
        }
        let day = (seconds / 86400).rounded(.down)
        let second = Int(seconds - day * 86400)
        let (y, m, d) = civil(Int(day))
        let text = pad(y, 4) + "-" + pad(m, 2) + "-" + pad(d, 2) + "T" + pad(second / 3600, 2) + ":" + pad(second / 60 % 60, 2) + ":" + pad(second % 60, 2)
        return micros == 0 ? text + "Z" : text + "." + pad(micros, 6) + "Z"
    }

    /// The date that an RFC 3339 text names; nil if it is none.
    public static func date(rfc3339 text: String) -> Date? {
        let b = Array(text.utf8)
        func number(_ from: Int, _ count: Int) -> Int? {
            guard from + count <= b.count else { return nil }
            var n = 0
            for c in b[from..<from + count] {
                guard c >= 48, c <= 57 else { return nil }
                n = n * 10 + Int(c - 48)
            }
            return n
        }
        func at(_ i: Int, _ c: Character) -> Bool { i < b.count && b[i] == c.asciiValue }
        guard let y = number(0, 4), at(4, "-"), let mo = number(5, 2), (1...12).contains(mo), at(7, "-"), let d = number(8, 2), (1...31).contains(d),
            at(10, "T"), let h = number(11, 2), at(13, ":"), let mi = number(14, 2), at(16, ":"), let s = number(17, 2)
        else { return nil }
        var i = 19
        var fraction = 0.0
        if at(i, ".") {
            var scale = 0.1
            i += 1
            while i < b.count, let digit = number(i, 1) {
                fraction += Double(digit) * scale
                scale /= 10
                i += 1
            }
        }
        var offset = 0
        switch true {
        case at(i, "Z") && i + 1 == b.count: break
        case at(i, "+"), at(i, "-"):
            guard let oh = number(i + 1, 2), at(i + 3, ":"), let om = number(i + 4, 2), i + 6 == b.count else { return nil }
            offset = (oh * 60 + om) * 60 * (at(i, "-") ? -1 : 1)
        default: return nil
        }
        let whole = days(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - offset
        return Date(timeIntervalSince1970: Double(whole) + fraction)
    }

    private static func pad(_ n: Int, _ width: Int) -> String {
        let text = String(n)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let y = month > 2 ? year : year - 1
        let m = month > 2 ? month - 3 : month + 9
        let leaps = y / 4 - y / 100 + y / 400
        return y * 365 + leaps + (m * 153 + 2) / 5 + day - 1 - 719_468
    }

    private static func civil(_ day: Int) -> (Int, Int, Int) {
        var y = 1970 + Int((Double(day) / 365.2425).rounded(.down))
        while days(y + 1, 1, 1) <= day { y += 1 }
        while days(y, 1, 1) > day { y -= 1 }
        var m = 12
        while days(y, m, 1) > day { m -= 1 }
        return (y, m, day - days(y, m, 1) + 1)
    }
}
