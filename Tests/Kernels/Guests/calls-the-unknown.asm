; Makes a call that there is not.
%include "Guest.inc"
        begin
        hypercall 99, 0
        finish
        end_guest
