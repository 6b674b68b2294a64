import Base
import CMachine

@c(kernel_entry)
func kernelEntry(_ magic: UInt32, _ information: UInt32) {
  let text: StaticString = "AB\n"; for i in 0..<text.utf8CodeUnitCount { cpu_out8(0x3F8, unsafe text.utf8Start[i]) }
  cpu_out32(0xF4, 0x20)
  while true { cpu_hlt() }
}
