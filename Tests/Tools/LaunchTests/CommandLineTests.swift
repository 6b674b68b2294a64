import Foundation
import HostSupport
import ImageBuilder
import Launch
import Testing

private func machine(_ medium: GuestMachine.Medium) -> GuestMachine {
  GuestMachine(architecture: .i686, medium: medium)
}

private func contains(_ arguments: [String], _ part: String...) -> Bool {
  arguments.indices.contains { arguments[$0...].starts(with: part) }
}

@Test func aKernelIsRenderedWithModulesAndCommandLine() {
  let medium = GuestMachine.Medium.kernel(path: "/k", modules: ["/a", "/b,c"], commandLine: "log=debug x")
  let arguments = QEMU.arguments(for: machine(medium))
  #expect(contains(arguments, "-kernel", "/k"))
  #expect(contains(arguments, "-initrd", "/a,/b,,c"))
  #expect(contains(arguments, "-append", "log=debug x"))
  #expect(contains(arguments, "-smp", "1", "-m", "128M"))
  #expect(contains(arguments, "-display", "none"))
  #expect(contains(arguments, "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"))
  #expect(arguments.contains("-no-reboot"))
  #expect(!arguments.contains("-icount"))
}

@Test func pathsWithSpacesAreNamedFromTheKernelsFolder() {
  let medium = GuestMachine.Medium.kernel(
    path: "/a b/c/k", modules: ["/a b/m,1", "/a b/c/n"], commandLine: "")
  let command = QEMU.command(for: machine(medium))
  #expect(command.directory == "/a b/c")
  #expect(contains(command.arguments, "-kernel", "k"))
  #expect(contains(command.arguments, "-initrd", "../m,,1,n"))
  #expect(command.shellLine.hasPrefix("cd '/a b/c' && qemu-system-i386 "))
}

@Test func nothingIsSaidOfWhatIsNotThere() {
  let arguments = QEMU.arguments(for: machine(.kernel(path: "/k", modules: [], commandLine: "")))
  #expect(!arguments.contains("-initrd"))
  #expect(!arguments.contains("-append"))
}

@Test func aDiscIsRenderedReadOnly() {
  var disc = machine(.disc(path: "/d,1.iso"))
  disc.architecture = .x86_64
  disc.cpus = 4
  disc.memory = 512
  disc.countsInstructions = true
  disc.extraArguments = ["-trace", "x"]
  let command = QEMU.command(for: disc)
  #expect(command.program == "qemu-system-x86_64")
  #expect(contains(command.arguments, "-drive", "file=/d,,1.iso,media=cdrom,format=raw,readonly=on"))
  #expect(contains(command.arguments, "-smp", "4", "-m", "512M"))
  #expect(contains(command.arguments, "-icount", "shift=0,sleep=off"))
  #expect(command.arguments.suffix(2) == ["-trace", "x"])
}

@Test func anObservedMachineStartsStopped() {
  let observation = QEMU.Observation(debugConsole: "/d", machineProtocol: "/q", exceptionLog: "/l")
  let arguments = QEMU.command(
    for: machine(.kernel(path: "/k", modules: [], commandLine: "")), observedBy: observation
  ).arguments
  #expect(arguments.contains("-S"))
  #expect(contains(arguments, "-debugcon", "file:/d"))
  #expect(contains(arguments, "-chardev", "socket,id=qmp,path=/q,server=off"))
  #expect(contains(arguments, "-d", "int,cpu_reset,guest_errors", "-D", "/l"))
}

@Test func commandsCanBePasted() {
  let command = Command(
    "tool", ["plain", "two words", "it's", "", "a=b,c", "$HOME"], environment: ["X": "1 2", "GONE": nil])
  #expect(command.shellLine == #"X='1 2' tool plain 'two words' 'it'\''s' '' a=b,c '$HOME'"#)
}

@Test func bochsIsConfiguredForADisc() throws {
  let bochs = try Bochs(machine(.disc(path: "/d.iso")), folder: "/f")
  #expect(bochs.command.arguments == ["-q", "-f", "/f/bochsrc", "-rc", "/f/commands"])
  for line in [
    "megs: 128", "display_library: term", "ata0-master: type=cdrom, path=\"/d.iso\", status=inserted",
    "com1: enabled=1, mode=term, dev=/f/serial", "port_e9_hack: enabled=1",
  ] { #expect(bochs.configuration.split(separator: "\n").contains { $0 == line }, "\(line)") }
}

@Test func bochsRefusesWhatItCannotDo() {
  #expect(throws: ToolError.self) {
    try Bochs(machine(.kernel(path: "/k", modules: [], commandLine: "")), folder: "/f")
  }
  var counting = machine(.disc(path: "/d"))
  counting.countsInstructions = true
  #expect(throws: ToolError.self) { try Bochs(counting, folder: "/f") }
}

@Test func machineProtocolMessagesAreRead() {
  func message(_ text: String) -> MachineMessage? { MachineMessage(line: Array(text.utf8)) }
  #expect(message(#"{"QMP": {"version": {}, "capabilities": []}}"#) == .greeting)
  #expect(
    message(#"{"timestamp": {}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}"#)
      == .event(name: "SHUTDOWN", reason: "guest-reset"))
  #expect(message(#"{"return": {}, "id": "hello"}"#) == .answer(id: "hello", text: nil))
  #expect(message(#"{"return": "RIP=1", "id": "registers"}"#) == .answer(id: "registers", text: "RIP=1"))
  #expect(message(#"{"error": {"class": "x", "desc": "no"}, "id": "a"}"#) == .refusal(id: "a", reason: "no"))
  #expect(message("garbage") == nil)
  #expect(message("[1]") == nil)
  let request = MachineMessage.request("human-monitor-command", id: "a", monitorLine: "info registers -a")
  #expect(
    String(decoding: request, as: UTF8.self)
      == #"{"execute":"human-monitor-command","id":"a","arguments":{"command-line":"info registers -a"}}"#
      + "\n")
}

@Test func theDebuggerIsToldTheArchitecture() {
  var guest = machine(.kernel(path: "/k", modules: [], commandLine: ""))
  let narrow = DebugSession(machine: guest, kernel: "/k.elf", port: 25_000, folder: "/f")
  #expect(narrow.script.contains("set architecture i386\n"))
  guest.architecture = .x86_64
  let wide = DebugSession(machine: guest, kernel: "/k.elf", port: 25_001, folder: "/f")
  #expect(wide.script.contains("set architecture i386:x86-64\nfile /k.elf\ntarget remote localhost:25001\n"))
  #expect(contains(wide.emulatorCommand(consoleToFile: false).arguments, "-serial", "stdio"))
  #expect(
    contains(wide.emulatorCommand(consoleToFile: true).arguments, "-serial", "file:/f/debug-console.txt"))
}
