/// The solver that guests run too, on the bare machine: what the host takes from a guest's computing.

#if arch(i386)
  import Base
  import CMachine
  import FrameAllocator
  import Log
  import Runtime

  /// Solves Laplace's equation on a grid of 128 x 128, from a fresh grid for each sample.
  func benchmarkJacobi(_ name: StaticString, steps: UInt32) {
    let samples = Samples(wanted: 3)
    // Two grids of 128 KiB.
    guard let frames = try? NodeReference().node.frames.allocateRun(64) else {
      preconditionFailure("no frames for the grids")
    }
    let from = Frames.address(of: frames.start).rawValue
    for _ in 0..<3 {
      for index in 0..<frames.count { cpu_clear_page(from + UInt(index) * 4_096) }
      for column in 0..<UInt(128) {
        cpu_store32(from + column * 8 + 4, 0x3FF0_0000)  // 1.0
        cpu_store32(from + 0x2_0000 + column * 8 + 4, 0x3FF0_0000)
      }
      // The unit is this thread's as long as nobody else comes.
      cpu_cli()
      let control = cpu_read_cr0()
      cpu_clts()
      samples.begin()
      jacobi_steps(from, from + 0x2_0000, steps)
      samples.end()
      cpu_write_cr0(control)
      cpu_sti()
    }
    samples.report("\(name)")
  }
#endif
