; Reports a panic in the form of the kernel, with two addresses of its own code.
%include "Multiboot.inc"
        say     0x3F8, `before\npanic: invariant broken\n  #0 0x00100020\n  #1 0x00100021\n`
        say     0xE9, `@apus-exit panic 1\n`
        leave_with 0x22
