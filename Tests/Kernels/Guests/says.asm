; Speaks, reads a port that is not there, and ends in order.
%include "Guest.inc"
        begin
        say     `hello from ring 1\n`
        xor     eax, eax
        in      al, 0x21
        cmp     al, 0xFF
        jne     .wrong
        mov     eax, cs
        and     eax, 3
        cmp     eax, 1
        jne     .wrong
        say     `all is well\n`
        finish
.wrong: say     `something is wrong\n`
        finish
        end_guest
