import Foundation
import LinuxABI
import Testing

#if canImport(Glibc)
  import Glibc
#endif

private func bytes(_ count: Int, _ write: (inout MutableSpan<UInt8>) -> Void) -> [UInt8] {
  var buffer = [UInt8](repeating: 0xEE, count: count)
  var span = buffer.mutableSpan
  write(&span)
  return buffer
}

private func information(of status: stat) -> FileInformation {
  var information = FileInformation()
  information.device = UInt32(truncatingIfNeeded: status.st_dev)
  information.inode = UInt64(status.st_ino)
  information.mode = UInt16(truncatingIfNeeded: status.st_mode)
  information.linkCount = UInt32(status.st_nlink)
  information.owner = status.st_uid
  information.group = status.st_gid
  information.deviceMajor = UInt32(status.st_rdev >> 8 & 0xFFF)
  information.deviceMinor = UInt32(status.st_rdev & 0xFF | status.st_rdev >> 12 & 0xFFF00)
  information.size = UInt64(status.st_size)
  information.blockSize = UInt32(status.st_blksize)
  information.blocks = UInt64(status.st_blocks)
  func time(_ value: timespec) -> FileInformation.Time {
    .init(seconds: Int64(value.tv_sec), nanoseconds: UInt32(value.tv_nsec))
  }
  information.accessed = time(status.st_atim)
  information.modified = time(status.st_mtim)
  information.changed = time(status.st_ctim)
  return information
}

#if arch(x86_64) && os(Linux)
  @Test(arguments: ["/", "/dev/null", "/dev/zero", "/proc/self/exe", "/etc/passwd"])
  func statIsWhatTheHostsLibraryHas(path: String) throws {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    let expected = withUnsafeBytes(of: &status) { Array($0) }
    #expect(expected.count == FileInformation.statSize)
    #expect(bytes(FileInformation.statSize) { information(of: status).writeStat(to: &$0) } == expected)
  }

  @Test func errorAndOpenNumbersAreTheHosts() {
    let errors: [(ErrorNumber, Int32)] = [
      (.notPermitted, EPERM), (.noSuchFile, ENOENT), (.noSuchProcess, ESRCH), (.interrupted, EINTR),
      (.inputOutput, EIO), (.noSuchDeviceOrAddress, ENXIO), (.argumentListTooLong, E2BIG),
      (.notExecutable, ENOEXEC), (.badDescriptor, EBADF), (.noChild, ECHILD), (.tryAgain, EAGAIN),
      (.outOfMemory, ENOMEM), (.accessDenied, EACCES), (.badAddress, EFAULT), (.busy, EBUSY),
      (.exists, EEXIST), (.crossDevice, EXDEV), (.noDevice, ENODEV), (.notDirectory, ENOTDIR),
      (.isDirectory, EISDIR), (.invalidArgument, EINVAL), (.tooManyOpenFilesInSystem, ENFILE),
      (.tooManyOpenFiles, EMFILE), (.notTerminal, ENOTTY), (.textBusy, ETXTBSY), (.fileTooBig, EFBIG),
      (.noSpace, ENOSPC), (.illegalSeek, ESPIPE), (.readOnlyFileSystem, EROFS), (.tooManyLinks, EMLINK),
      (.brokenPipe, EPIPE), (.outOfRange, ERANGE), (.deadlock, EDEADLK), (.nameTooLong, ENAMETOOLONG),
      (.noSuchCall, ENOSYS), (.notEmpty, ENOTEMPTY), (.tooManySymbolicLinks, ELOOP),
      (.overflow, EOVERFLOW), (.notSocket, ENOTSOCK), (.notSupported, EOPNOTSUPP),
      (.noAddressFamily, EAFNOSUPPORT), (.timedOut, ETIMEDOUT), (.corruptFileSystem, EUCLEAN),
      (.ownerDied, EOWNERDEAD),
    ]
    for (error, number) in errors { #expect(error.rawValue == number) }
    let flags: [(OpenFlags, Int32)] = [
      (.writeOnly, O_WRONLY), (.readWrite, O_RDWR), (.create, O_CREAT), (.exclusive, O_EXCL),
      (.noControllingTerminal, O_NOCTTY), (.truncate, O_TRUNC), (.append, O_APPEND),
      (.nonBlocking, O_NONBLOCK), (.dataSync, O_DSYNC), (.directory, O_DIRECTORY),
      (.noFollow, O_NOFOLLOW), (.closeOnExec, O_CLOEXEC),
    ]
    for (flag, number) in flags { #expect(flag.rawValue == UInt32(number)) }
    let signals: [(SignalNumber, Int32)] = [
      (.hangUp, SIGHUP), (.interrupt, SIGINT), (.quit, SIGQUIT), (.kill, SIGKILL), (.pipe, SIGPIPE),
      (.child, SIGCHLD), (.goOn, SIGCONT), (.stop, SIGSTOP), (.terminalStop, SIGTSTP),
      (.terminalInput, SIGTTIN), (.terminalOutput, SIGTTOU), (.windowChanged, SIGWINCH), (.badCall, SIGSYS),
    ]
    for (signal, number) in signals { #expect(Int32(signal.rawValue) == number) }
  }

  @Test func terminalBitsAreTheHosts() {
    typealias Terminal = TerminalAttributes
    let bits: [(UInt32, Int32)] = [
      (Terminal.ignoreCR, IGNCR), (Terminal.crToNewline, ICRNL), (Terminal.newlineToCRInput, INLCR),
      (Terminal.strip, ISTRIP), (Terminal.startStop, IXON), (Terminal.process, OPOST),
      (Terminal.newlineToCR, ONLCR), (Terminal.outputCRToNewline, OCRNL), (Terminal.newlineReturns, ONLRET),
      (Terminal.signals, ISIG), (Terminal.canonical, ICANON), (Terminal.echo, ECHO),
      (Terminal.echoErase, ECHOE), (Terminal.echoKill, ECHOK), (Terminal.echoNewline, ECHONL),
      (Terminal.noFlush, NOFLSH), (Terminal.stopOutput, TOSTOP), (Terminal.extended, IEXTEN),
    ]
    for (mine, theirs) in bits { #expect(mine == UInt32(theirs)) }
    let places: [(Int, Int32)] = [
      (Terminal.interrupt, VINTR), (Terminal.quit, VQUIT), (Terminal.erase, VERASE), (Terminal.kill, VKILL),
      (Terminal.endOfFile, VEOF), (Terminal.time, VTIME), (Terminal.minimum, VMIN), (Terminal.start, VSTART),
      (Terminal.stop, VSTOP), (Terminal.suspend, VSUSP), (Terminal.endOfLine, VEOL),
      (Terminal.reprint, VREPRINT), (Terminal.discard, VDISCARD), (Terminal.wordErase, VWERASE),
      (Terminal.literalNext, VLNEXT), (Terminal.endOfLine2, VEOL2),
    ]
    for (mine, theirs) in places { #expect(mine == Int(theirs)) }
  }
#endif

/// Offsets out of the header files of i386, which this host has no structures of.
@Test func i386LayoutsHaveTheirOffsets() throws {
  var information = FileInformation()
  information.inode = 0x0102_0304
  information.mode = 0o100644
  information.size = 0x1_2345_6789
  information.modified = .init(seconds: -2, nanoseconds: 999)
  let wide = bytes(96) { information.writeStat64(to: &$0) }
  #expect(wide[12..<16].elementsEqual([4, 3, 2, 1]) && wide[88..<92].elementsEqual([4, 3, 2, 1]))
  #expect(wide[16..<18].elementsEqual([0xA4, 0x81]))
  #expect(wide[44..<52].elementsEqual([0x89, 0x67, 0x45, 0x23, 1, 0, 0, 0]))
  #expect(wide[72..<80].elementsEqual([0xFE, 0xFF, 0xFF, 0xFF, 0xE7, 3, 0, 0]))
  var old = [UInt8](repeating: 0, count: 64)
  var span = old.mutableSpan
  #expect(throws: ErrorNumber.overflow) { try information.writeOldStat(to: &span) }
  information.size = 7
  try information.writeOldStat(to: &span)
  #expect(old[8..<10].elementsEqual([0xA4, 0x81]) && old[20] == 7 && old[40] == 0xFE)
}

@Test(arguments: [ProgramABI.i386, .x86_64]) func statfsHasItsWords(abi: ProgramABI) {
  var information = FileSystemInformation(kind: 0x9FA0)
  information.blocks = 11
  information.freeBlocks = 12
  information.files = 13
  information.freeFiles = 14
  information.flags = 15
  let written = bytes(120) { information.writeStatfs(to: &$0, for: abi) }
  func word(_ index: Int) -> UInt64 {
    written.span.number(count: abi.wordSize, at: index * abi.wordSize + (index > 6 ? 8 : 0))
  }
  #expect((0..<7).map(word) == [0x9FA0, 4096, 11, 12, 12, 13, 14])
  #expect((7..<10).map(word) == [255, 4096, 15])
  let wide = bytes(84) { information.writeStatfs64(to: &$0) }
  #expect((1...5).map { wide.span.number(count: 8, at: 8 * $0) } == [11, 12, 12, 13, 14])
  #expect(wide[56] == 255 && wide[64] == 15)
}

@Test func directoryEntriesHaveTheirLayouts() {
  for (layout, length) in [(DirectoryLayout.wide, 24), (.i386, 16), (.x86_64, 24)] {
    #expect(layout.length(forName: 3) == length)
    let entry = bytes(40) {
      _ = layout.write(inode: 0x77, next: 0x99, kind: 8, nameLength: 3, to: &$0, at: 0)
    }
    let word = layout == .i386 ? 4 : 8
    #expect(entry[0] == 0x77 && entry[word] == 0x99 && entry[2 * word] == UInt8(length))
    #expect(entry[layout == .wide ? 18 : length - 1] == 8)
    #expect(entry[layout.nameOffset..<(layout.nameOffset + 4)].allSatisfy { $0 == 0 })
    #expect(entry[length] == 0xEE)
  }
}

@Test func attributesOfATerminalComeBack() {
  var attributes = TerminalAttributes()
  attributes.local = 0x1234_5678
  attributes.characters[18] = 9
  let written = bytes(36) { attributes.write(to: &$0) }
  let read = TerminalAttributes(reading: written.span)
  #expect(read.local == 0x1234_5678 && read.characters[18] == 9 && read.characters[0] == 3)
  #expect(bytes(36) { read.write(to: &$0) } == written)
}
