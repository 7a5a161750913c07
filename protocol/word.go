package protocol

// IsWord reports whether an argument is the given word, which is in capitals, in any case: how options of commands are
// compared. It allocates nothing.
func IsWord(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, c := range arg {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
