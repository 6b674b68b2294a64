; Goes on with a segment register that no descriptor allows.
%include "Guest.inc"
        begin
        mov     eax, 0x7C               ; a selector of the local table, which no guest has
        mov     fs, eax
        finish
        end_guest
