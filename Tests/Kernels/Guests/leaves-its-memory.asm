; Uses memory behind its own.
%include "Guest.inc"
        begin
        mov     eax, [0x7F000000]
        finish
        end_guest
