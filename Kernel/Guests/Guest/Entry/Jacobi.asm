; Jacobi's method for Laplace's equation on a grid of 128 x 128 doubles, with the x87 unit: every kernel here is compiled
; without floating point, and the solver must be the same instructions in a guest and on the bare machine.
;
; void jacobi_steps(double *from, double *to, uint32_t count)
;   Each step makes every inner point of `to` the mean of its four neighbours in `from`, and then the two change places.

bits 32

SIDE            equ 128
ROW             equ SIDE * 8

section .text.jacobi progbits alloc exec nowrite align=16

global jacobi_steps
jacobi_steps:
        push    ebp
        push    ebx
        push    esi
        push    edi
        mov     esi, [esp + 20]
        mov     edi, [esp + 24]
        mov     ebx, [esp + 28]
        fld     qword [jacobi_quarter]
.step:  mov     eax, ROW + 8            ; the first inner point
        mov     edx, SIDE - 2
.row:   mov     ecx, SIDE - 2
.point: fld     qword [esi + eax - 8]
        fadd    qword [esi + eax + 8]
        fadd    qword [esi + eax - ROW]
        fadd    qword [esi + eax + ROW]
        fmul    st0, st1
        fstp    qword [edi + eax]
        add     eax, 8
        dec     ecx
        jnz     .point
        add     eax, 16                 ; over both edges
        dec     edx
        jnz     .row
        xchg    esi, edi
        dec     ebx
        jnz     .step
        fstp    st0
        pop     edi
        pop     esi
        pop     ebx
        pop     ebp
        ret

section .rodata.jacobi progbits alloc noexec nowrite align=8
jacobi_quarter: dq 0.25
