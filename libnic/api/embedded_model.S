/* The default model package, byte for byte. */
        .section .rodata
        .balign 64
        .globl nic_embedded_package_begin
        .hidden nic_embedded_package_begin
nic_embedded_package_begin:
        .incbin NIC_EMBEDDED_MODEL_FILE
        .globl nic_embedded_package_end
        .hidden nic_embedded_package_end
nic_embedded_package_end:
        .byte 0
        .section .note.GNU-stack,"",%progbits
