; Loads an empty interrupt table and executes an undefined instruction: no fault has a handler.
%include "Multiboot.inc"
        say     0x3F8, `last words\n`
        lidt    [.none]
        ud2
.none:  dw 0
        dd 0
