/// From the first Swift function to a node that runs.

import ABI
import Arch
import Base
import BootInformation
import CMachine
import CommandLine
import Core
import FrameAllocator
import Log
import Paging
import Partition
import Runtime

/// Starts the node of this kernel, or says why it can't and ends the run.
///
/// - Parameters:
///   - magic: what the boot loader left in eax.
///   - information: the physical address of what it tells.
@export(interface)
public func startNode(magic: UInt32, information: UInt32) {
  let start = entryTicks
  let isPlaced = magic == BootStructure.startMagic
  let structure = isPlaced ? placedStructure(at: information) : nil
  let identity = structure.map { NodeIdentity($0, at: information) } ?? NodeIdentity()
  let screenAddress = AddressMap.directMap + 0xB8000
  // A further node touches no device: they are the first one's.
  let console = MachineConsole(
    serial: SerialPort(isUsed: identity.ownsDevices), screen: TextScreen(base: screenAddress))
  let rate = cpu_load32(symbol_boot_rate())
  let clock =
    isPlaced && rate != 0
    ? TimeStampCounter(start: start, ticksPerMillisecond: UInt64(rate)) : TimeStampCounter(start: start)
  let reference = NodeReference.create(
    log: Log(output: console), clock: clock, identity: identity)
  reference.node.log.output.use(
    serial: identity.ownsDevices, screen: identity.ownsDevices && !isPlaced, debug: identity.ownsDevices)
  log(
    .info, "start",
    "Apus on \(architectureName), \(reference.node.clock.ticksPerMillisecond) ticks a millisecond")
  let firstLineTicks = cpu_rdtsc() &- start
  Processor.installTables()
  Processor.useProtections()
  Processor.block.leavesMachineRunning = !identity.ownsDevices
  if identity.ownsDevices { LegacyInterruptController.remapAndMask() }
  if isPlaced { adoptTable(of: structure) }
  readBootInformation(magic: magic, address: PhysicalAddress(UInt64(information)))
  readCommandLine()
  if !isPlaced { becomeFirstNode() }
  startMemory()
  startInterrupts()
  startThreads()
  startTrace(kilobytes: reference.node.options.traceKilobytes)
  log(.info, "start", "started")
  // Read by `apus bench boot`: keep the wording.
  log(
    .debug, "start",
    "ticks since the entry: \(firstLineTicks) to the first line, \(cpu_rdtsc() &- start) to the end of start-up"
  )
}

/// The time stamp counter at the kernel's first instructions, which `Boot/Entry/*/Entry.asm` left for us.
private var entryTicks: UInt64 {
  UInt64(cpu_load32(symbol_boot_ticks() + 4)) << 32 | UInt64(cpu_load32(symbol_boot_ticks()))
}

private func readBootInformation(magic: UInt32, address: PhysicalAddress) {
  let reference = NodeReference()
  do {
    if reference.node.identity.isPlaced {
      reference.node.boot = try placedInformation()
    } else {
      reference.node.boot = try BootInformation(magic: magic, address: address, memory: LoaderMemory())
    }
  } catch {
    refuse(error)
  }
  log(.info, "start", "loaded by \(reference.node.boot.loaderText())")
}

/// Takes over the lookup table that start-up code has put in force.
private func adoptTable(of structure: PlacedStructure<LoaderMemory>?) {
  guard let structure, NodeReference().node.partition.adopt(structure) else {
    log(.error, "start", "the boot structure is damaged")
    endRun(.failed, status: 1)
  }
}

/// What the boot structure tells, in the form of what a loader tells.
private func placedInformation() throws(BootInformationError) -> BootInformation {
  let address = NodeReference().node.identity.structure
  guard let structure = placedStructure(at: address) else { throw .init(.badAddress, UInt64(address)) }
  let ramdisk = structure.ramdisk
  let images = structure.images
  return try BootInformation(
    placedWith: structure.memoryBytes, ramdisk: (UInt64(ramdisk.address), UInt64(ramdisk.bytes)),
    images: (UInt64(images.address), UInt64(images.bytes)),
    commandLine: (structure.commandLineAddress, structure.commandLineCount), memory: LoaderMemory())
}

private func readCommandLine() {
  let reference = NodeReference()
  do {
    reference.node.options = try reference.node.boot.options()
  } catch {
    log(
      .error, "start",
      "command line: \(error.reason.sentence): \(reference.node.boot.commandLineText(error.start..<error.end))"
    )
    if let option = error.option { log(.error, "start", "\(option.name)= takes \(option.allowed)") }
    endRun(.failed, status: 1)
  }
  reference.node.log.threshold = reference.node.options.log
  let devices = reference.node.options.console
  guard !reference.node.identity.isPlaced else { return }
  reference.node.log.output.use(
    serial: devices.contains(.serial), screen: devices.contains(.screen), debug: devices.contains(.debug))
}

private func startMemory() {
  let reference = NodeReference()
  do {
    reference.node.frames = try PhysicalMemory.makeAllocator(from: &reference.node.boot)
  } catch {
    refuse(error)
  }
  // Noted, because to ask the map again takes a copy of it, which a thread's stack may not have room for.
  let end = min(reference.node.boot.memoryMap.endOfMemory, AddressMap.directMapSize)
  reference.node.directMapEnd = end
  do {
    reference.node.tables = try KernelTables.install(directMapEnd: end)
  } catch {
    panic("no frames for the kernel's page tables")
  }
  log(
    .info, "memory",
    "\(reference.node.frames.freeCount) of \(reference.node.frames.totalCount) frames of 4 KiB free")
}

/// Says what is wrong with the loader's information and ends the run: there is nothing to go on with.
private func refuse(_ error: BootInformationError) -> Never {
  log(.error, "start", "\(error.reason.sentence) \(hexadecimal: error.value)")
  endRun(.failed, status: 1)
}

#if arch(i386)
  private let architectureName: StaticString = "i686"
#else
  private let architectureName: StaticString = "x86_64"
#endif

extension BootInformation {
  /// What the loader calls itself.
  fileprivate func loaderText() -> Text {
    var text = Text()
    text.append(printable: loaderName())
    return text
  }

  /// What the command line asks for.
  fileprivate func options() throws(CommandLineError) -> KernelOptions {
    try KernelOptions(parsing: commandLine())
  }

  /// A part of the command line, with where it begins.
  fileprivate func commandLineText(_ range: Range<Int>) -> Text {
    var text: Text = "`"
    text.append(printable: commandLine().extracting(range))
    text.append("` at byte ")
    text.append(decimal: UInt64(range.lowerBound))
    return text
  }
}
