package core

// rewriteElements is how many elements one command of a rewrite carries, as in Redis.
const rewriteElements = 64

// RewriteBatch cuts the elements of a value into commands for [TypeInfo.Rewrite]: name, key and up to 64 elements each.
type RewriteBatch struct {
	emit func(args ...[]byte)
	args [][]byte // command and key; before emit, what text holds
	text []byte   // the parts that wait, one after the other
	ends []int    // where each of them ends in text
	full int      // so many parts make a command
}

// NewRewriteBatch returns a batch of commands of that name. An element has width parts: 1 for a member, 2 for a field and its value.
func NewRewriteBatch(emit func(args ...[]byte), name string, key []byte, width int) *RewriteBatch {
	full := width * rewriteElements
	return &RewriteBatch{
		emit: emit, full: full, ends: make([]int, 0, full),
		args: append(make([][]byte, 0, 2+full), []byte(name), key),
	}
}

// Add takes an element's parts. It keeps none of them.
func (b *RewriteBatch) Add(parts ...[]byte) {
	for _, p := range parts {
		b.text = append(b.text, p...)
		b.ends = append(b.ends, len(b.text))
	}
	if len(b.ends) == b.full {
		b.Flush()
	}
}

// Flush emits what waits. It belongs after the last element.
func (b *RewriteBatch) Flush() {
	if len(b.ends) == 0 {
		return
	}
	from := 0
	for _, end := range b.ends {
		b.args = append(b.args, b.text[from:end])
		from = end
	}
	b.emit(b.args...)
	b.args, b.text, b.ends = b.args[:2], b.text[:0], b.ends[:0]
}
