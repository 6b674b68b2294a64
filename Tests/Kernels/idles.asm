; Halts with interrupts on: not hung, since an interrupt may wake it, but it never finishes.
; All lines of the interrupt controllers are masked, so that none comes.
%include "Multiboot.inc"
        say     0x3F8, `idle\n`
        mov     al, 0xFF
        out     0x21, al
        out     0xA1, al
        sti
.again: hlt
        jmp     .again
