import GuestSupport
func runBenchmarks() -> Never { Host.end("none") }
func runJacobi() -> Never { Host.end("none") }
func runFuzz() -> Never { Host.end("none") }
func runCanary() -> Never { Host.end("none") }
