package protocol

import "strconv"

// Kind is the type byte of a reply.
type Kind byte

// The kinds of RESP2 and RESP3.
const (
	KindSimple    Kind = '+'
	KindError     Kind = '-'
	KindInt       Kind = ':'
	KindBulk      Kind = '$'
	KindArray     Kind = '*'
	KindNull      Kind = '_'
	KindDouble    Kind = ','
	KindBool      Kind = '#'
	KindBigNumber Kind = '('
	KindBulkError Kind = '!'
	KindVerbatim  Kind = '='
	KindMap       Kind = '%'
	KindSet       Kind = '~'
	KindPush      Kind = '>'
	KindAttribute Kind = '|'
)

// Reply is one reply as a tree. Which fields count depends on Kind.
type Reply struct {
	Kind   Kind
	Null   bool    // RESP3's null, and RESP2's null bulk string and null array (Kind tells which)
	Bool   bool    // KindBool
	Int    int64   // KindInt
	Double float64 // KindDouble; Str has it as it came
	Str    []byte  // text of a line, a bulk string, a verbatim string without its format
	Format string  // KindVerbatim: "txt", "mkd"
	Elems  []Reply // elements; those of a map are key, value, key, value
	Attrs  []Reply // attributes sent ahead of the reply: name, value, name, value
}

// Err returns the reply as an [Error], nil if it isn't one.
func (r Reply) Err() error {
	if r.Kind != KindError && r.Kind != KindBulkError {
		return nil
	}
	return Error(r.Str)
}

// Text is the scalar reply as a string: "" for nulls and aggregates.
func (r Reply) Text() string {
	switch r.Kind {
	case KindInt:
		return strconv.FormatInt(r.Int, 10)
	case KindBool:
		return strconv.FormatBool(r.Bool)
	}
	return string(r.Str)
}

// Get returns the value of a name in a map, or in the flat array of pairs that RESP2 has for it.
func (r Reply) Get(name string) (Reply, bool) {
	for i := 0; i+1 < len(r.Elems); i += 2 {
		if r.Elems[i].Text() == name {
			return r.Elems[i+1], true
		}
	}
	return Reply{}, false
}

// AppendText appends the tree in an indented form for people and for test failures.
func (r Reply) AppendText(dst []byte) []byte { return r.appendText(dst, 0) }

// String is AppendText as a string.
func (r Reply) String() string { return string(r.AppendText(nil)) }

func (r Reply) appendText(dst []byte, indent int) []byte {
	for range indent {
		dst = append(dst, "  "...)
	}
	dst = append(dst, byte(r.Kind), ' ')
	switch {
	case r.Null:
		return append(dst, "null\n"...)
	case r.Kind == KindInt, r.Kind == KindBool:
		dst = append(dst, r.Text()...)
	case isAggregate(r.Kind):
		dst = strconv.AppendInt(dst, int64(len(r.Elems)), 10)
		dst = append(dst, '\n')
		for _, e := range r.Elems {
			dst = e.appendText(dst, indent+1)
		}
		return dst
	default:
		dst = strconv.AppendQuote(dst, string(r.Str))
	}
	return append(dst, '\n')
}

func isAggregate(k Kind) bool {
	switch k {
	case KindArray, KindMap, KindSet, KindPush, KindAttribute:
		return true
	}
	return false
}
