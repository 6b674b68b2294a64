; Tries to stop the processor, which ring 1 may not: without a gate for the fault it is the end of the guest.
%include "Guest.inc"
        begin
        hlt
        finish
        end_guest
