package options

// globMatch reports whether name fits the pattern of CONFIG GET, in any case: * is any run of characters, ? any one, [a-c] and
// [^a-c] a class, \x the character x. The work is at most len(pattern)*len(name): after a mismatch only the last star is tried
// again, one character further.
func globMatch(pattern, name string) bool {
	p, n := 0, 0
	starP, starN := -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			starP, starN = p, n
			p++
			continue
		}
		if p < len(pattern) {
			if width, ok := matchOne(pattern[p:], name[n]); ok {
				p += width
				n++
				continue
			}
		}
		if starP < 0 {
			return false
		}
		starN++
		p, n = starP+1, starN
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches c with the first element of the pattern, which is not a star, and returns the element's width.
func matchOne(pattern string, c byte) (width int, ok bool) {
	c = lower(c)
	switch {
	case pattern[0] == '?':
		return 1, true
	case pattern[0] == '[':
		return matchClass(pattern, c)
	case pattern[0] == '\\' && len(pattern) > 1:
		return 2, lower(pattern[1]) == c
	default:
		return 1, lower(pattern[0]) == c
	}
}

// matchClass matches c with the class at the start of the pattern. As in Redis, a class that is not closed ends with the pattern.
func matchClass(pattern string, c byte) (width int, ok bool) {
	i := 1
	negated := i < len(pattern) && pattern[i] == '^'
	if negated {
		i++
	}
	for ; i < len(pattern) && pattern[i] != ']'; i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
			ok = ok || lower(pattern[i]) == c
		case i+2 < len(pattern) && pattern[i+1] == '-':
			from, to := lower(pattern[i]), lower(pattern[i+2])
			if from > to {
				from, to = to, from
			}
			ok = ok || from <= c && c <= to
			i += 2
		default:
			ok = ok || lower(pattern[i]) == c
		}
	}
	return min(i+1, len(pattern)), ok != negated
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
