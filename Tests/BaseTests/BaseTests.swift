import Base
import Testing

@Test func works() { #expect(placeholder(1) == 31) }
