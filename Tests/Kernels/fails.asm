; Reports a failed check.
%include "Multiboot.inc"
        say     0x3F8, `a check says no\n`
        say     0xE9, `@apus-exit failed 1\n`
        leave_with 0x21
