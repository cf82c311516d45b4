import XCTest
import RingtripEngine

final class EngineTests: XCTestCase {
    func testCount() { XCTAssertEqual(Engine.count, 0) }
}
