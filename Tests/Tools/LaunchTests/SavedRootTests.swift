import ABI
import Launch
import Testing

@Test func theRecordOfARootIsTheLastWholeLine() {
  #expect(
    SavedRoot.record(in: "noise @apus-root 1 2\n@apus-root 4096 8192\n@apus-exit passed 0\n")
      == SavedTree(address: 4_096, byteCount: 8_192))
  for text in [
    "", "@apus-root", "@apus-root 1", "@apus-root x 2\n", "@apus-root 1 2 3\n", "@apus-root -1 2\n",
  ] {
    #expect(SavedRoot.record(in: text) == nil)
  }
}
