; Reads the host's part of the address space where nothing is shown.
%include "Guest.inc"
        begin
        mov     eax, [0xFFE00000]
        finish
        end_guest
