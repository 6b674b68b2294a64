; Waits in a short loop, interrupts off, for something that never comes.
%include "Multiboot.inc"
        say     0x3F8, `waiting\n`
        cli
.again: pause
        jmp     .again
