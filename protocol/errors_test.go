package protocol

import "testing"

var allErrors = []Error{
	ErrWrongType, ErrSyntax, ErrNotInt, ErrNotFloat, ErrOutOfRange, ErrNotPositive, ErrNoSuchKey, ErrIndexRange, ErrOffsetRange,
	ErrSameObject, ErrOverflow, ErrDecrOverflow, ErrIncrNaN, ErrStringTooLong, ErrMinMaxFloat, ErrMinMaxString, ErrTimeoutFloat,
	ErrTimeoutInt, ErrTimeoutNegative, ErrInvalidCursor, ErrDBIndex, ErrBusyKey, ErrNoAuth, ErrWrongPass,
	ErrNoPermKey, ErrNoPermChan, ErrNoProto, ErrMaxClients, ErrUnblocked, ErrExecAbort, ErrNoScript, ErrNotBusy, ErrNestedMulti,
	ErrLoading, ErrReadOnly, ErrMasterDown, ErrNoReplicas, ErrOOM, ErrBusyScript, ErrBusyFunction, ErrMisconfRDB,
	ErrMultibulkLength, ErrMultibulkCountLine, ErrBulkLength, ErrBulkCountLine, ErrUnauthMultibulk, ErrUnauthBulk, ErrInlineTooBig,
	ErrInlineQuotes,
}

func TestErrorCode(t *testing.T) {
	for e, want := range map[Error]string{ErrSyntax: "ERR", ErrWrongType: "WRONGTYPE", "NOWORDS": "NOWORDS", "": ""} {
		if got := e.Code(); got != want {
			t.Errorf("%q has code %q, want %q", e, got, want)
		}
	}
}

func TestErrorf(t *testing.T) {
	if got := Errorf("ERR bad %s", "x\r\ny\r\n"); got != "ERR bad x\r\ny" {
		t.Errorf("%q", got)
	}
	if got := Errorf("ERR '%s' and '%s' of %d", []byte("a\x00b"), "c\x00", 7); got != "ERR 'a' and 'c' of 7" {
		t.Errorf("%q", got)
	}
}

func TestErrorsAllocateNothing(t *testing.T) {
	var sink error
	if n := testing.AllocsPerRun(100, func() { sink = ErrWrongType }); n != 0 {
		t.Errorf("%v allocations for %v", n, sink)
	}
}
