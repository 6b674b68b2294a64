; What ring 1 and ring 3 try, a few instructions each, and what must come of it.
;
; A record is: name, code, its size, the vector that must come (NOTHING: it returns), the error code. What checks a value
; itself runs into ud2 if it is wrong. Code for ring 3 is copied to a page of a program, so it refers to itself only.

bits 32

NOTHING         equ 0xFFFFFFFF
EXIT            equ 1                   ; the system call that ends a program

section .text

%macro instruction 3                    ; name, vector, error code
  %push instruction
  %define %$name %1
  %define %$vector %2
  %define %$error %3
  %$code:
%endmacro

%macro done 0
        ret
  %$end:
section .rodata
  %%text: db %$name, 0
section .probes
        dd      %%text, %$code, %$end - %$code, %$vector, %$error
section .text
  %pop
%endmacro

%macro program_done 0
        mov     eax, EXIT
        int     0x80
  %$end:
section .rodata
  %%text: db %$name, 0
section .programs
        dd      %%text, %$code, %$end - %$code, %$vector, %$error
section .text
  %pop
%endmacro

; Goes on only if eax is what it should be.
%macro expect_eax 1
        cmp     eax, %1
        je      %%right
        ud2
%%right:
%endmacro

section .probes progbits alloc noexec nowrite align=4
global probe_instructions
probe_instructions:
section .programs progbits alloc noexec nowrite align=4
global probe_programs
probe_programs:
section .text

; ---- Exceptions, one by one

        instruction "vector 0: a division by zero", 0, 0
        xor     edx, edx
        xor     ecx, ecx
        div     ecx
        done
        instruction "vector 1: after a single step", 1, 0
        pushfd
        or      dword [esp], 0x100
        popfd
        nop
        nop
        done
        instruction "vector 3: a breakpoint", 3, 0
        int3
        done
        instruction "vector 4: an overflow", 4, 0
        mov     al, 0x7F
        add     al, 1
        into
        done
        instruction "vector 5: an index out of bounds", 5, 0
        push    dword 1
        push    dword 0
        mov     eax, 2
        bound   eax, [esp]
        done
        instruction "vector 6: an undefined instruction", 6, 0
        ud2
        done
        instruction "vector 14: reading what is not there", 14, 0
        mov     eax, [0x70000000]
        done
        instruction "vector 14: writing what is not there", 14, 2
        mov     [0x70000000], eax
        done
        instruction "vector 14: going where nothing is", 14, 0
        mov     eax, 0x70000000
        jmp     eax
        done
        instruction "vector 16: an error of the FPU", 16, 0
        fninit
        push    dword 0x0370            ; every error but that of precision is to be told
        fldcw   [esp]
        fldz
        fld1
        fdiv    st0, st1
        fwait
        done

; ---- Privileged instructions: the guest's own business

%macro privileged 1-*
        instruction %1, 13, 0
  %rotate 1
  %rep %0 - 1
        %1
    %rotate 1
  %endrep
        done
%endmacro

        privileged "hlt is the guest's fault to handle", hlt
        privileged "sti likewise", sti
        privileged "clts likewise", clts
        privileged "invd likewise", invd
        privileged "wbinvd likewise", wbinvd
        privileged "rdmsr likewise", {mov ecx, 0x10}, rdmsr
        privileged "wrmsr likewise", {mov ecx, 0x174}, wrmsr
        privileged "reading cr0 likewise", {mov eax, cr0}
        privileged "reading cr2 likewise", {mov eax, cr2}
        privileged "reading cr3 likewise", {mov eax, cr3}
        privileged "reading cr4 likewise", {mov eax, cr4}
        privileged "writing cr0 likewise", {mov cr0, eax}
        privileged "writing cr2 likewise", {mov cr2, eax}
        privileged "writing cr3 likewise", {mov cr3, eax}
        privileged "writing cr4 likewise", {mov cr4, eax}
        privileged "reading dr7 likewise", {mov eax, dr7}
        privileged "writing dr0 likewise", {mov dr0, eax}
        privileged "lgdt likewise", {lgdt [0xC0100000]}
        privileged "lidt likewise", {lidt [0xC0100000]}
        privileged "lldt likewise", {xor eax, eax}, {lldt ax}
        privileged "ltr likewise", {mov eax, 0x80}, {ltr ax}
        privileged "lmsw likewise", {lmsw ax}
        privileged "invlpg likewise", {invlpg [0x1000]}
        privileged "sysexit likewise", sysexit
        privileged "sysenter has nowhere to go", sysenter
        privileged "insb is not carried out", {mov dx, 0x60}, {mov edi, 0xC0300000}, insb
        privileged "outsb is not carried out", {mov dx, 0x60}, {mov esi, 0xC0100000}, outsb
        privileged "xsetbv likewise", {xor ecx, ecx}, xsetbv

        instruction "rsm is undefined", 6, 0
        rsm
        done
        instruction "the call of hardware hypervisors is undefined", 6, 0
        db      0x0F, 0x01, 0xC1
        done
        instruction "popf leaves the interrupt flag and the rings' right to ports", NOTHING, 0
        push    dword 0x3002            ; interrupts off, ports for all
        popfd
        pushfd
        pop     eax
        and     eax, 0x3200
        expect_eax 0x200
        done
        instruction "cli does nothing", NOTHING, 0
        cli
        pushfd
        pop     eax
        and     eax, 0x200
        expect_eax 0x200
        done
        instruction "str, sldt and smsw may be read", NOTHING, 0
        str     ax
        sldt    ax
        smsw    ax
        done
        instruction "cpuid goes to the processor", NOTHING, 0
        push    ebx
        xor     eax, eax
        cpuid
        pop     ebx
        test    eax, eax
        jnz     .some
        ud2
.some:  done
        instruction "the counter goes on", NOTHING, 0
        rdtsc
        mov     ecx, eax
        rdtsc
        cmp     eax, ecx
        jne     .on
        ud2
.on:    done

; ---- Ports

%macro port 2+                          ; name, what is done; eax must be all ones where it was read
        instruction %1, NOTHING, 0
        mov     dx, 0x3F8
        xor     eax, eax
        %2
        done
%endmacro

        instruction "in al, imm8 reads ones", NOTHING, 0
        xor     eax, eax
        in      al, 0x21
        expect_eax 0xFF
        done
        instruction "in ax, imm8 reads ones", NOTHING, 0
        xor     eax, eax
        in      ax, 0x21
        expect_eax 0xFFFF
        done
        instruction "in eax, imm8 reads ones", NOTHING, 0
        xor     eax, eax
        in      eax, 0x21
        expect_eax 0xFFFFFFFF
        done
        instruction "in al, dx reads ones and leaves the rest", NOTHING, 0
        mov     eax, 0x12345600
        mov     dx, 0x3F8
        in      al, dx
        expect_eax 0x123456FF
        done
        instruction "in ax, dx reads ones", NOTHING, 0
        xor     eax, eax
        mov     dx, 0xCFC
        in      ax, dx
        expect_eax 0xFFFF
        done
        instruction "in eax, dx reads ones", NOTHING, 0
        xor     eax, eax
        mov     dx, 0xCFC
        in      eax, dx
        expect_eax 0xFFFFFFFF
        done
        port "out imm8, al is ignored", out 0x21, al
        port "out imm8, ax is ignored", out 0x21, ax
        port "out imm8, eax is ignored", out 0x21, eax
        port "out dx, al is ignored", out dx, al
        port "out dx, ax is ignored", out dx, ax
        port "out dx, eax is ignored", out dx, eax

; ---- Segments

%macro selector 3                       ; name, what is loaded into ds, the error code
        instruction %1, 13, %3
        mov     eax, %2
        mov     ds, eax
        done
%endmacro

        selector "the host's code is no segment for the guest", 0x50, 0x50
        selector "the host's data is no segment for the guest", 0x58, 0x58
        selector "the host's data is none with the guest's ring either", 0x59, 0x58
        selector "the processor's task is no segment", 0x80, 0x80
        selector "the local table is empty", 0x6D, 0x6C
        selector "an entry behind the table is none", 0x101, 0x100
        selector "an empty entry is none", 0xB1, 0xB0
        instruction "the null selector may be loaded", NOTHING, 0
        xor     eax, eax
        mov     ds, eax
        mov     eax, 0x69
        mov     ds, eax
        done
        instruction "the null selector is no stack", 13, 0
        xor     eax, eax
        mov     ss, eax
        done
        instruction "a far jump to the host's code", 13, 0x50
        jmp     0x50:0
        done
        instruction "a far call to the host's code", 13, 0x50
        call    0x53:0
        done
        instruction "a far jump to the processor's task", 13, 0x80
        jmp     0x80:0
        done
        instruction "a return to ring 0", 13, 0x50
        pushfd
        push    dword 0x50
        push    dword 0
        iretd
        done
        instruction "a return with a task to go back to", 10, 0
        pushfd
        or      dword [esp], 0x4000
        popfd
        iretd
        done

; ---- Vectors that are not the guest's to call

%macro forbidden_vector 2
        instruction %1, 13, %2 * 8 + 2
        int     %2
        done
%endmacro

        forbidden_vector "no call of the non-maskable interrupt", 2
        forbidden_vector "no call of a double fault", 8
        forbidden_vector "no call of an exception with an error code", 10
        forbidden_vector "no call of a page fault", 14
        forbidden_vector "no call of the machine's timer", 0x20
        forbidden_vector "no call of a device of the machine", 0x21
        forbidden_vector "no call of another interrupt of the machine", 0xEF
        forbidden_vector "no call of the last vector", 0xFF

; ---- Programs: ring 3

        instruction "a program's system call reaches its kernel", 0x80, 0
        mov     eax, 20
        int     0x80
        program_done
        instruction "a program runs in ring 3 with interrupts on", 0x80, 0
        mov     eax, cs
        expect_eax 0x73
        pushfd
        pop     eax
        and     eax, 0x200
        expect_eax 0x200
        program_done
        instruction "a program writes its own page", 0x80, 0
        mov     dword [0x40001000], 0x12345678
        mov     eax, [0x40001000]
        expect_eax 0x12345678
        program_done
        instruction "a program may not call the host", 13, 0x1F * 8 + 2
        xor     eax, eax
        int     0x1F
        program_done
        instruction "a program may not halt", 13, 0
        hlt
        program_done
        instruction "a program may not turn interrupts off", 13, 0
        cli
        program_done
        instruction "a program may not read ports", 13, 0
        in      al, 0x21
        program_done
        instruction "a program may not write ports", 13, 0
        out     0x21, al
        program_done
        instruction "a program may not read its kernel", 14, 5
        mov     eax, [0xC0100000]
        program_done
        instruction "a program may not write its kernel", 14, 7
        mov     [0xC0100000], eax
        program_done
        instruction "a program may not read the host's part", 14, 4
        mov     eax, [0xFFC00000]
        program_done
        instruction "a program may not write the host's part", 14, 6
        mov     [0xFFC00000], eax
        program_done
        instruction "a program may not read behind the host's part", 14, 4
        mov     eax, [0xFFFFF000]
        program_done
        instruction "a program may not write what is to be read only", 14, 7
        mov     [0x40002000], eax
        program_done
        instruction "a program reads what is to be read only", 0x80, 0
        mov     eax, [0x40002000]
        program_done
        instruction "a program may not read what is not there", 14, 4
        mov     eax, [0x50000000]
        program_done
        instruction "a program divides by zero", 0, 0
        xor     ecx, ecx
        xor     edx, edx
        div     ecx
        program_done
        instruction "a program meets a breakpoint", 3, 0
        int3
        program_done
        instruction "a program has an undefined instruction", 6, 0
        ud2
        program_done
        instruction "a program may not load its kernel's data", 13, 0x68
        mov     eax, 0x69
        mov     ds, eax
        program_done
        instruction "a program may not load its kernel's stack", 13, 0x68
        mov     eax, 0x69
        mov     ss, eax
        program_done
        instruction "a program may not return to its kernel", 13, 0x60
        push    dword 0x61
        push    dword 0
        retf
        program_done
        instruction "a program may not go to the host's code", 13, 0x50
        jmp     0x50:0
        program_done
        instruction "sysenter leads a program nowhere", 13, 0
        sysenter
        program_done
        instruction "a program may not use vectors of the machine", 13, 0x20 * 8 + 2
        int     0x20
        program_done
        instruction "a program's stack may be anything", 0x80, 0
        mov     esp, 0x13
        program_done
        instruction "a program's data segment may be none", 0x80, 0
        xor     eax, eax
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        program_done
        instruction "a program steps once", 1, 0
        pushfd
        or      dword [esp], 0x100
        popfd
        nop
        program_done

section .probes
        dd      0
section .programs
        dd      0

; ---- What the tests call by name

section .text

global probe_use_fpu
probe_use_fpu:
        fninit
        ret

global probe_host_segment
probe_host_segment:
        mov     eax, 0x50
        mov     ds, eax
        ret

global probe_exit
probe_exit:
        mov     eax, EXIT
        int     0x80
        nop
        align 16, nop

global probe_undefined
probe_undefined:
        ud2

; Reads or writes at probe_address; what was read goes to probe_value.
global probe_read
probe_read:
        mov     ecx, [probe_address]
        mov     eax, [ecx]
        mov     [probe_value], eax
        ret

global probe_write
probe_write:
        mov     ecx, [probe_address]
        mov     eax, [probe_value]
        mov     [ecx], eax
        ret

global probe_jump
probe_jump:
        jmp     [probe_address]

; Reads at probe_address of the segment in probe_selector.
global probe_segment
probe_segment:
        mov     eax, [probe_selector]
        mov     ecx, [probe_address]
        mov     fs, eax
        mov     eax, [fs:ecx]
        mov     [probe_value], eax
        xor     eax, eax
        mov     fs, eax
        ret

; Traps with the stack at probe_address.
global guest_lose_stack
guest_lose_stack:
        mov     ecx, esp
        mov     esp, [probe_address]
        ud2
        mov     esp, ecx
        ret

global guest_interrupt_80
guest_interrupt_80:
        int     0x80
        ret

;   void guest_load_segment(uint32_t which, uint32_t selector): ds, es, fs or gs
global guest_load_segment
guest_load_segment:
        mov     ecx, [esp + 4]
        mov     eax, [esp + 8]
        cmp     ecx, 1
        jb      .ds
        je      .es
        cmp     ecx, 2
        je      .fs
        mov     gs, eax
        ret
.ds:    mov     ds, eax
        ret
.es:    mov     es, eax
        ret
.fs:    mov     fs, eax
        ret

; A store and a call of the host, as short as they can be, between two readings of the counter.
;   uint32_t probe_measure_store(uint32_t address)
global probe_measure_store
probe_measure_store:
        mov     ecx, [esp + 4]
        push    ebx
        rdtsc
        mov     ebx, eax
        mov     [ecx], eax
        rdtsc
        sub     eax, ebx
        pop     ebx
        ret

;   uint32_t probe_measure_call(uint32_t number, uint32_t first)
global probe_measure_call
probe_measure_call:
        push    ebx
        push    esi
        push    edi
        mov     edi, [esp + 16]
        mov     ebx, [esp + 20]
        xor     ecx, ecx
        xor     esi, esi
        rdtsc
        push    eax
        xor     edx, edx
        mov     eax, edi
        int     0x1F
        rdtsc
        pop     ecx
        sub     eax, ecx
        pop     edi
        pop     esi
        pop     ebx
        ret

;   uint32_t probe_measure_port(void)
global probe_measure_port
probe_measure_port:
        push    ebx
        rdtsc
        mov     ebx, eax
        in      al, 0x21
        rdtsc
        sub     eax, ebx
        pop     ebx
        ret

section .data
global probe_address, probe_value, probe_selector
probe_address:  dd 0
probe_value:    dd 0
probe_selector: dd 0
