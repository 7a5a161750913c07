package rdb

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"github.com/redust/redust/core/packed"
)

// A sink takes one value. Its methods get the packed form where the value is stored packed (validated; to be
// copied, or taken apart if it is beyond the thresholds of today's configuration), or else Begin and then
// one call an element. Begin's n is how many elements follow; for input of unknown size it is at most 65536, so it can be
// used to reserve memory. Byte strings and packed values are valid until the method returns. An error ends the decoding
// and is returned in a *DecodeError; a sink returns one of its own for an element that it has got before.
type (
	// A ListSink takes a list: one element after the other, or nodes, all in order.
	ListSink interface {
		Begin(n int) error
		Element(b []byte) error
		// Node takes a listpack of at least one element.
		Node(lp packed.Listpack) error
		// PlainNode takes one element that was stored alone because of its size.
		PlainNode(b []byte) error
	}
	// A SetSink takes a set.
	SetSink interface {
		Begin(n int) error
		Member(b []byte) error
		Intset(is packed.Intset) error
		Listpack(lp packed.Listpack) error
	}
	// A HashSink takes a hash; the listpack has pairs of field, value.
	HashSink interface {
		Begin(n int) error
		Pair(field, value []byte) error
		Listpack(lp packed.Listpack) error
	}
	// A ZSetSink takes a sorted set; the listpack has pairs of member, score, and all scores are numbers.
	ZSetSink interface {
		Begin(n int) error
		Scored(member []byte, score float64) error
		Listpack(lp packed.Listpack) error
	}
)

// ErrDuplicate is for sinks to return for an element that comes twice.
var ErrDuplicate = errors.New("duplicate element")

var (
	errEmptyNode = errors.New("plain node without bytes")
	errOdd       = errors.New("odd number of elements for pairs")
	errScore     = errors.New("score is not a number")
	errOrder     = errors.New("members not in the order of their scores")
)

// ReadList reads the body of a list of type t. ErrEmptyKey comes, wrapped, if there is no element.
func (d *Decoder) ReadList(t Type, s ListSink) error {
	start := d.Offset()
	switch t {
	case TypeList:
		n, err := d.begin(1, s.Begin)
		for ; err == nil && n > 0; n-- {
			err = d.element(s.Element)
		}
		return err
	case TypeListZiplist:
		lp, err := d.ziplist()
		if err != nil {
			return err
		}
		if lp.Empty() {
			return at(start, ErrEmptyKey)
		}
		return at(start, s.Node(lp))
	case TypeListQuicklist, TypeListQuicklist2:
		return d.quicklist(t, s)
	}
	return wrongType(start, t, KindList)
}

func (d *Decoder) quicklist(t Type, s ListSink) error {
	start := d.Offset()
	n, err := d.nodes()
	if err != nil {
		return err
	}
	empty := true
	for ; n > 0; n-- {
		nodeStart := d.Offset()
		var lp packed.Listpack
		if t == TypeListQuicklist {
			lp, err = d.ziplist()
		} else {
			var container uint64
			if container, err = d.ReadLength(); err != nil {
				return err
			}
			switch container {
			case quicklistPlain:
				empty = false
				if err := d.element(plainNode(s)); err != nil {
					return err
				}
				continue
			case quicklistPacked:
				lp, err = d.listpack()
			default:
				return fail(nodeStart, "unknown container %d of a list's node", container)
			}
		}
		if err != nil {
			return err
		}
		if lp.Empty() { // Redis has written such nodes, and passes over them
			continue
		}
		empty = false
		if err := s.Node(lp); err != nil {
			return at(nodeStart, err)
		}
	}
	if empty {
		return at(start, ErrEmptyKey)
	}
	return nil
}

// plainNode refuses what Redis refuses: an element without bytes has a place in every listpack.
func plainNode(s ListSink) func([]byte) error {
	return func(b []byte) error {
		if len(b) == 0 {
			return errEmptyNode
		}
		return s.PlainNode(b)
	}
}

// nodes reads the number of a list's nodes, each of which takes at least a byte.
func (d *Decoder) nodes() (uint64, error) {
	start := d.Offset()
	n, err := d.ReadLength()
	if err != nil {
		return 0, err
	}
	_, err = d.count(n, 1, start)
	return n, err
}

// ReadSet reads the body of a set of type t. ErrEmptyKey comes, wrapped, if there is no member.
func (d *Decoder) ReadSet(t Type, s SetSink) error {
	start := d.Offset()
	switch t {
	case TypeSet:
		n, err := d.begin(1, s.Begin)
		for ; err == nil && n > 0; n-- {
			err = d.element(s.Member)
		}
		return err
	case TypeSetIntset:
		b, err := d.ReadString()
		if err != nil {
			return err
		}
		depth := packed.Shallow
		if d.opts.Sanitize != SanitizeNo {
			depth = packed.Deep
		}
		is, err := packed.ValidateIntset(b, depth)
		if err == nil && is.Len() == 0 {
			err = ErrEmptyKey
		}
		if err == nil {
			err = s.Intset(is)
		}
		return at(start, err)
	case TypeSetListpack:
		return d.adopt(1, s.Listpack)
	}
	return wrongType(start, t, KindSet)
}

// ReadHash reads the body of a hash of type t. ErrEmptyKey comes, wrapped, if there is no field.
func (d *Decoder) ReadHash(t Type, s HashSink) error {
	start := d.Offset()
	switch t {
	case TypeHash:
		n, err := d.begin(2, s.Begin)
		for ; err == nil && n > 0; n-- {
			err = d.pair(s)
		}
		return err
	case TypeHashListpack:
		return d.adopt(2, s.Listpack)
	case TypeHashZiplist:
		return d.adoptZiplist(s.Listpack)
	case TypeHashZipmap:
		b, err := d.ReadString()
		if err != nil {
			return err
		}
		zm, err := packed.ValidateZipmap(b)
		if err != nil {
			return at(start, err)
		}
		return at(start, d.pairs(zm.AppendListpack(packed.NewListpack(d.lp)), s))
	}
	return wrongType(start, t, KindHash)
}

// pairs hands over what was a zipmap pair by pair, as the sizes of its fields and values count as those of new ones do.
func (d *Decoder) pairs(lp packed.Listpack, s HashSink) error {
	d.lp = lp
	if err := s.Begin(lp.Len() / 2); err != nil {
		return err
	}
	var value []byte
	it := lp.Iter(lp.First())
	for it.Next() {
		d.field = it.AppendTo(d.field[:0])
		it.Next()
		value = it.AppendTo(value[:0])
		if err := s.Pair(d.field, value); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) pair(s HashSink) error {
	start := d.Offset()
	field, err := d.ReadString()
	if err != nil {
		return err
	}
	d.field = append(d.field[:0], field...)
	value, err := d.ReadString()
	if err != nil {
		return err
	}
	return at(start, s.Pair(d.field, value))
}

// ReadZSet reads the body of a sorted set of type t. ErrEmptyKey comes, wrapped, if there is no member.
func (d *Decoder) ReadZSet(t Type, s ZSetSink) error {
	start := d.Offset()
	scored := func(lp packed.Listpack) error {
		if err := checkScores(lp, d.opts.Sanitize); err != nil {
			return err
		}
		return s.Listpack(lp)
	}
	switch t {
	case TypeZSet:
		n, err := d.begin(2, s.Begin)
		for ; err == nil && n > 0; n-- {
			err = d.scored(s, (*Decoder).textDouble)
		}
		return err
	case TypeZSet2:
		n, err := d.begin(9, s.Begin)
		for ; err == nil && n > 0; n-- {
			err = d.scored(s, (*Decoder).ReadDouble)
		}
		return err
	case TypeZSetListpack:
		return d.adopt(2, scored)
	case TypeZSetZiplist:
		return d.adoptZiplist(scored)
	}
	return wrongType(start, t, KindZSet)
}

func (d *Decoder) scored(s ZSetSink, read func(*Decoder) (float64, error)) error {
	start := d.Offset()
	member, err := d.ReadString()
	if err != nil {
		return err
	}
	d.field = append(d.field[:0], member...)
	score, err := read(d)
	if err != nil {
		return err
	}
	if math.IsNaN(score) {
		return at(start, errScore)
	}
	return at(start, s.Scored(d.field, score))
}

// begin reads a count of elements of at least each bytes and announces it.
func (d *Decoder) begin(each int64, announce func(int) error) (uint64, error) {
	start := d.Offset()
	n, err := d.ReadLength()
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, at(start, ErrEmptyKey)
	}
	hint, err := d.count(n, each, start)
	if err != nil {
		return 0, err
	}
	return n, at(start, announce(hint))
}

// element reads a string and hands it over.
func (d *Decoder) element(to func([]byte) error) error {
	start := d.Offset()
	b, err := d.ReadString()
	if err != nil {
		return err
	}
	return at(start, to(b))
}

// listpack reads and validates a listpack.
func (d *Decoder) listpack() (packed.Listpack, error) {
	start := d.Offset()
	b, err := d.ReadString()
	if err != nil {
		return nil, err
	}
	lp, err := packed.ValidateListpack(b, packed.Deep)
	return lp, at(start, err)
}

// ziplist reads and validates a ziplist, and returns it as a listpack.
func (d *Decoder) ziplist() (packed.Listpack, error) {
	start := d.Offset()
	b, err := d.ReadString()
	if err != nil {
		return nil, err
	}
	zl, err := packed.ValidateZiplist(b)
	if err != nil {
		return nil, at(start, err)
	}
	d.lp = zl.AppendListpack(packed.NewListpack(d.lp))
	return d.lp, nil
}

// adopt reads a listpack of elements (step 1) or pairs (2) and hands it over.
func (d *Decoder) adopt(step int, to func(packed.Listpack) error) error {
	start := d.Offset()
	lp, err := d.listpack()
	if err != nil {
		return err
	}
	return d.checked(start, lp, step, to)
}

// adoptZiplist reads a ziplist of pairs and hands it over as a listpack.
func (d *Decoder) adoptZiplist(to func(packed.Listpack) error) error {
	start := d.Offset()
	lp, err := d.ziplist()
	if err != nil {
		return err
	}
	return d.checked(start, lp, 2, to)
}

func (d *Decoder) checked(start int64, lp packed.Listpack, step int, to func(packed.Listpack) error) error {
	switch {
	case lp.Empty():
		return at(start, ErrEmptyKey)
	case lp.Len()%step != 0:
		return at(start, errOdd)
	}
	if d.opts.Sanitize != SanitizeNo {
		if err := lp.CheckUnique(step); err != nil {
			return at(start, err)
		}
	}
	return at(start, to(lp))
}

// checkScores makes sure that the second of each pair is a number and, when sanitizing, that pairs ascend by score and
// then by member.
func checkScores(lp packed.Listpack, sanitize Sanitize) error {
	var prev, member []byte
	last := math.Inf(-1)
	it := lp.Iter(lp.First())
	for it.Next() {
		if sanitize != SanitizeNo {
			prev, member = member, it.AppendTo(prev[:0])
		}
		it.Next()
		if sanitize == SanitizeNo && (it.IsInt || plainNumber(it.Str)) {
			continue
		}
		score := float64(it.Int)
		if !it.IsInt {
			var err error
			score, err = strconv.ParseFloat(string(it.Str), 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(score) {
				return errScore
			}
		}
		if sanitize != SanitizeNo {
			if score < last || score == last && prev != nil && bytes.Compare(prev, member) >= 0 {
				return errOrder
			}
			last = score
		}
	}
	return nil
}

// plainNumber reports whether s is a number without exponent, which most scores are; this costs less than to parse it.
func plainNumber(s []byte) bool {
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	digits, points := 0, 0
	for _, c := range s {
		switch {
		case c-'0' <= 9:
			digits++
		case c == '.':
			points++
		default:
			return false
		}
	}
	return digits > 0 && points <= 1
}

func wrongType(start int64, t Type, want Kind) error {
	return fail(start, "%v is no encoding of a %v", t, want)
}
