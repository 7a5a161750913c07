package lists

// A limit says how large a listpack may become that is a whole list, as list-max-listpack-size gives it: from -1 to -5 a
// size of 4 to 64 KiB, otherwise a number of elements.
type limit int64

// fits reports whether a listpack of that many bytes and elements is within the limit.
func (l limit) fits(bytes, n int) bool {
	if l < 0 {
		return bytes <= 4<<10<<min(-l-1, 4)
	}
	return bytes <= 8<<10 && n <= max(int(l), 1)
}
