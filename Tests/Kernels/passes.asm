; Finishes with the status 7 of its own.
%include "Multiboot.inc"
        say     0x3F8, `ready\n`
        say     0xE9, `some log\n@apus-exit passed 7\n`
        leave_with 0x20
