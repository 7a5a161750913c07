package zsets

import (
	"math"
	"strconv"

	"github.com/redust/redust/core/packed"
	"github.com/redust/redust/protocol"
)

// A packed sorted set is a listpack of member, score, member, score ..., ascending by score and then by member.

// lpScore reads the score at pos.
func lpScore(lp packed.Listpack, pos int) float64 {
	str, num, isInt := lp.Get(pos)
	if isInt {
		return float64(num)
	}
	if f, ok := protocol.ParseFloat(str); ok {
		return f
	}
	f, _ := strconv.ParseFloat(string(str), 64) // out of range, from a file: loading has checked that it is a number
	return f
}

// lpText returns the element at pos as text, in buf if it is an integer.
func lpText(lp packed.Listpack, pos int, buf []byte) []byte {
	str, num, isInt := lp.Get(pos)
	if isInt {
		return strconv.AppendInt(buf[:0], num, 10)
	}
	return str
}

// lpFind returns the position of a member, or -1. O(N).
func lpFind(lp packed.Listpack, member []byte) int { return lp.Find(lp.First(), member, 1) }

// lpInsert puts a new member where it belongs. O(N).
func lpInsert(lp packed.Listpack, member []byte, score float64) packed.Listpack {
	at := lp.End()
	for pos := lp.First(); pos >= 0; {
		next := lp.Next(pos)
		s := lpScore(lp, next)
		if s > score || s == score && lp.Compare(pos, member) > 0 {
			at = pos
			break
		}
		pos = lp.Next(next)
	}
	return lpPut(lp, at, member, score)
}

// wholeScore tells which scores a listpack holds as integers. As Redis: whole numbers within 62 bits, -0 as 0.
func wholeScore(score float64) (i int64, ok bool) {
	i = int64(score)
	return i, math.Abs(score) <= 1<<62 && float64(i) == score
}

func lpPut(lp packed.Listpack, at int, member []byte, score float64) packed.Listpack {
	if i, ok := wholeScore(score); ok {
		lp = lp.InsertInt(at, i, packed.Before)
	} else {
		var buf [32]byte
		lp = lp.Insert(at, protocol.AppendDouble(buf[:0], score), packed.Before)
	}
	return lp.Insert(at, member, packed.Before)
}

// lpAppend adds a pair that belongs at the end.
func lpAppend(lp packed.Listpack, member []byte, score float64) packed.Listpack {
	return lpPut(lp, lp.End(), member, score)
}

// lpRank returns how many members are below b. O(N).
func lpRank(lp packed.Listpack, b *bound) int {
	rank := 0
	for pos := lp.First(); pos >= 0; rank++ {
		next := lp.Next(pos)
		below := false
		switch {
		case b.kind == boundLex:
			c := lp.Compare(pos, b.member)
			below = c < 0 || c == 0 && b.after
		default:
			s := lpScore(lp, next)
			below = s < b.score || s == b.score && b.after
		}
		if !below {
			break
		}
		pos = lp.Next(next)
	}
	return rank
}

// lpEach calls yield for count members from a rank on, forward or backward, until it returns false.
func lpEach(lp packed.Listpack, rank, count int, reverse bool, yield func(member []byte, score float64) bool) {
	var buf [24]byte
	pos := lp.Seek(2 * rank)
	for ; count > 0 && pos >= 0; count-- {
		next := lp.Next(pos)
		if !yield(lpText(lp, pos, buf[:]), lpScore(lp, next)) {
			return
		}
		if !reverse {
			pos = lp.Next(next)
		} else if pos = lp.Prev(pos); pos >= 0 {
			pos = lp.Prev(pos)
		}
	}
}

// lpIndex returns the rank of the member at pos, O(rank).
func lpIndex(lp packed.Listpack, pos int) int {
	i := 0
	for p := lp.First(); p != pos; p = lp.Next(lp.Next(p)) {
		i++
	}
	return i
}

// lpDelete takes count members out from a rank on.
func lpDelete(lp packed.Listpack, rank, count int) packed.Listpack {
	return lp.DeleteRange(2*rank, 2*count)
}
