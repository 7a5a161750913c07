package protocol

// copyStep is how much is copied between two points at which the scheduler can stop the goroutine. A copy of hundreds of megabytes
// in one go would hold up the whole process as soon as a collection wants to begin.
const copyStep = 256 << 10

// Copy is copy in steps that the scheduler can interrupt. As with copy, dst and src may overlap, but only with dst before src.
func Copy(dst, src []byte) int {
	n := min(len(dst), len(src))
	for at := 0; at < n; at += copyStep {
		end := min(at+copyStep, n)
		copy(dst[at:end], src[at:end])
	}
	return n
}

// appendLarge appends b, which is large, without moving either in one go.
func appendLarge(dst, b []byte) []byte {
	if need := len(dst) + len(b); need > cap(dst) {
		grown := make([]byte, len(dst), max(need+copyStep, 2*cap(dst)))
		Copy(grown, dst)
		dst = grown
	}
	at := len(dst)
	dst = dst[:at+len(b)]
	Copy(dst[at:], b)
	return dst
}

// AppendBytes is append for bytes that may be many.
func AppendBytes(dst, b []byte) []byte {
	if len(b) < copyStep && (len(dst) < copyStep || cap(dst)-len(dst) >= len(b)) {
		return append(dst, b...)
	}
	return appendLarge(dst, b)
}
