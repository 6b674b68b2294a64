; Halts with interrupts off: nothing can wake it.
%include "Multiboot.inc"
        say     0x3F8, `going to sleep\n`
        cli
.again: hlt
        jmp     .again
