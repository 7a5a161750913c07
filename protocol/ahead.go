package protocol

// longestKeyAhead is how long a second argument may be, in bytes, that Ahead takes for a key.
const longestKeyAhead = 512

// Ahead looks into requests that were received but not parsed yet: it appends the second argument of each, which is the key of most commands, to
// keys, as long as there is room for it, and counts the requests it has seen. It goes as far as requests are whole and in the form that clients send; what
// it says is no more than a hint. The keys are slices of buf. It costs a fraction of what parsing costs, and changes nothing.
func Ahead(buf []byte, keys [][]byte) (_ [][]byte, requests int) {
	for len(buf) > 4 && buf[0] == '*' && buf[2] == '\r' && len(keys) < cap(keys) {
		count := int(buf[1]) - '0'
		if count < 1 || count > 9 {
			return keys, requests
		}
		rest := buf[4:]
		var key []byte
		for i := range count {
			bulk, n := shortHeader(rest, '$')
			end := n + bulk + len("\r\n")
			if n == 0 || end > len(rest) {
				return keys, requests
			}
			if i == 1 && bulk <= longestKeyAhead {
				key = rest[n : n+bulk]
			}
			rest = rest[end:]
		}
		if key != nil {
			keys = append(keys, key)
		}
		buf = rest
		requests++
	}
	return keys, requests
}
