; Sends back what comes in on the serial line, up to the end of the input (byte 4), then finishes.
%include "Multiboot.inc"
        say     0x3F8, `listening\n`
.wait:  mov     dx, 0x3FD                       ; line status: bit 0 says that a byte is there
        in      al, dx
        test    al, 1
        jz      .wait
        mov     dx, 0x3F8
        in      al, dx
        cmp     al, 4
        je      .end
        mov     ah, al
        drain
        mov     al, ah
        mov     dx, 0x3F8
        out     dx, al
        jmp     .wait
.end:   say     0x3F8, `bye\n`
        say     0xE9, `@apus-exit passed 0\n`
        leave_with 0x20
