#include "textflag.h"

// func ticks() uint64
TEXT ·ticks(SB), NOSPLIT, $0-8
	RDTSC
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func ticksInvariant() bool
TEXT ·ticksInvariant(SB), NOSPLIT, $0-1
	MOVL $0x80000000, AX
	CPUID
	XORL SI, SI
	CMPL AX, $0x80000007
	JCS  done
	MOVL $0x80000007, AX
	CPUID
	SHRL $8, DX
	ANDL $1, DX
	MOVL DX, SI

done:
	MOVB SI, ret+0(FP)
	RET
