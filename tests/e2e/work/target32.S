# SPDX-License-Identifier: GPL-2.0-only
# A 32-bit program that exits with 32.
	.globl _start
	.text
_start:	movl $1, %eax		# exit
	movl $32, %ebx
	int $0x80
	.section .note.GNU-stack,"",@progbits
