// Addresses: text to address and back, and what is said of a text that is none.

import NexusRT
import Testing

@Suite struct NetworkAddressTests {
  @Test(arguments: [
    ("127.0.0.1:80", "127.0.0.1:80"), ("0.0.0.0:0", "0.0.0.0:0"),
    ("255.255.255.255:65535", "255.255.255.255:65535"),
    ("[::1]:8080", "[::1]:8080"), ("[::]:0", "[::]:0"), ("[2001:DB8:0:0::7]:9", "[2001:db8::7]:9"),
    ("[::ffff:10.0.0.1]:1", "[::ffff:10.0.0.1]:1"), ("[fe80::1%1]:5", "[fe80::1%1]:5"),
    ("[fe80::1%lo]:5", "[fe80::1%1]:5"),
  ]) func text_isRead_andWrittenAgain(text: String, written: String) throws {
    let address = try SocketAddress(text)
    #expect("\(address)" == written)
    #expect(try SocketAddress("\(address)") == address)
    #expect(address.family == (text.first == "[" ? .v6 : .v4))
  }

  @Test(arguments: [
    ("localhost:80", AddressError.notNumeric("localhost"), "lookUp"), ("", .notNumeric(""), "127.0.0.1"),
    ("127.0.0.1", .noPort("127.0.0.1"), "127.0.0.1:8080"), ("[::1]", .noPort("[::1]"), "[::1]:8080"),
    ("127.0.0.1:65536", .badPort("65536"), "0 to 65535"), ("127.0.0.1:", .badPort(""), "0 to 65535"),
    ("127.0.0.1:+1", .badPort("+1"), "0 to 65535"), ("127.0.0.1:8o", .badPort("8o"), "0 to 65535"),
    ("[::1]80", .badPort("80"), "0 to 65535"), ("::1:80", .noBrackets("::1:80"), "brackets"),
    ("256.0.0.1:80", .notNumeric("256.0.0.1"), "numeric"), ("1.2.3:80", .notNumeric("1.2.3"), "numeric"),
    ("[fe80::1%nowhere]:5", .unknownInterface("nowhere"), "ip link"),
    ("[::g]:5", .notNumeric("::g"), "numeric"),
  ]) func textThatIsNoAddress_isRefused_withWhatToWrite(text: String, error: AddressError, remedy: String) {
    #expect(throws: error) { try SocketAddress(text) }
    #expect("\(error)".contains(remedy))
  }

  /// To the C library the text would end there.
  @Test func textWithANul_isNoAddress() throws {
    for text in ["127.0.0.1\0:80", "127.0.0.1\0x:80", "[::1\0]:80", "[::1\0x%1]:80", "127.0.0.1:8\0"] {
      #expect(throws: AddressError.self, "\(text.debugDescription)") { try SocketAddress(text) }
    }
    #expect(throws: AddressError.notNumeric("127.0.0.1\0")) { try IPAddress("127.0.0.1\0") }
    #expect(throws: AddressError.unknownInterface("lo\0x")) { try IPAddress("fe80::1%lo\0x") }
    #expect(throws: AddressError.self) { try SocketAddress.lookUp(host: "127.0.0.1\0x", port: 80) }
    #expect(throws: IOError.self) {
      try UDPSocket(.v4).joinMulticast(IPAddress(239, 255, 77, 2), on: .named("lo\0x"))
    }
  }

  @Test func addresses_areMade_compared_andAsked() throws {
    #expect(try IPAddress("10.1.2.3") == IPAddress(10, 1, 2, 3))
    #expect(SocketAddress.loopback(port: 7) == (try SocketAddress("127.0.0.1:7")))
    #expect(SocketAddress.loopback(.v6, port: 7) == (try SocketAddress("[::1]:7")))
    #expect(SocketAddress.any(port: 0) == (try SocketAddress("0.0.0.0:0")))
    #expect(SocketAddress.any(.v6, port: 0) == (try SocketAddress("[::]:0")))
    #expect(SocketAddress.any(port: 0) != SocketAddress.any(.v6, port: 0))
    #expect(IPAddress.loopback(.v4).isLoopback && IPAddress.loopback(.v6).isLoopback)
    #expect(try !IPAddress("128.0.0.1").isLoopback && !IPAddress("::2").isLoopback)
    #expect(try IPAddress("224.0.0.1").isMulticast && IPAddress("ff02::1").isMulticast)
    #expect(try !IPAddress("223.255.255.255").isMulticast && !IPAddress("fe80::1").isMulticast)
    #expect(IPAddress.broadcast == IPAddress(255, 255, 255, 255))
    #expect(Set([SocketAddress.loopback(port: 1), .loopback(port: 1), .loopback(port: 2)]).count == 2)
  }

  @Test func names_areLookedUp() async throws {
    // Numbers need no server.
    #expect(try SocketAddress.lookUp(host: "127.0.0.1", port: 80) == [.loopback(port: 80)])
    #expect(try SocketAddress.lookUp(host: "::1", port: 80) == [.loopback(.v6, port: 80)])
    #expect(try SocketAddress.lookUp(host: "", port: 80).contains(.any(port: 80)))
    let here = try await inTask {
      try await spawnBlocking { try SocketAddress.lookUp(host: "localhost", port: 1) }.value()
    }
    #expect(here.contains { $0.host.isLoopback })
    do {
      _ = try SocketAddress.lookUp(host: "no such host", port: 80)
      Issue.record("it was found")
    } catch {
      guard case .unknownHost("no such host", let reason) = error else { throw error }
      #expect(!reason.isEmpty && "\(error)".contains(reason))
    }
  }
}
