package load

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Var is a number that a group's commands contain as {name}. It is drawn anew for each cycle, so that all commands of one cycle that
// name it mean the same key. It is written with exactly Digits digits, zeros in front.
type Var struct {
	Name   byte
	Digits int
	Bound  int64 // drawn from [0, Bound); 0 stands for Options.Keyspace
}

// ring is one connection's requests, formatted once: as many whole cycles as fill whole batches. Before it starts over, fill
// writes new digits in place.
type ring struct {
	bytes    []byte
	start    []int // start[i] is where request i begins; one more entry ends the last
	draws    []draw
	seq      int64 // the next number of a sequential draw
	rng      uint64
	pipeline int
	next     int // request that the next batch begins with
}

// draw is one number and all places that show it.
type draw struct {
	bound      int64
	digits     int
	sequential bool // counts upwards instead
	at         []int
}

// newRing formats group's cycle for batches of pipeline requests. value replaces {v}.
func newRing(g *Group, o *Options, seed uint64) (*ring, error) {
	cycle := len(g.Commands)
	if o.Sequential && cycle != 1 {
		return nil, fmt.Errorf("group %s: only a single command can count its keys", g.Name)
	}
	cycles := o.Pipeline / gcd(o.Pipeline, cycle)
	r := &ring{rng: seed, pipeline: o.Pipeline}
	value := strings.Repeat("x", o.ValueSize)
	for range cycles {
		first := len(r.draws)
		for i, v := range g.Vars {
			bound := v.Bound
			if bound == 0 {
				bound = o.Keyspace
			}
			r.draws = append(r.draws, draw{bound: bound, digits: v.Digits, sequential: o.Sequential && i == 0})
		}
		for _, cmd := range g.Commands {
			r.start = append(r.start, len(r.bytes))
			if err := r.format(g, cmd, value, first); err != nil {
				return nil, err
			}
		}
	}
	r.start = append(r.start, len(r.bytes))
	return r, nil
}

// format appends one command as a RESP array. first is the index of the cycle's first draw.
func (r *ring) format(g *Group, cmd []string, value string, first int) error {
	r.bytes = appendHeader(r.bytes, '*', len(cmd))
	for _, arg := range cmd {
		if arg == "{v}" {
			r.bytes = appendHeader(r.bytes, '$', len(value))
			r.bytes = append(append(r.bytes, value...), "\r\n"...)
			continue
		}
		text, places, err := expand(g, arg)
		if err != nil {
			return err
		}
		r.bytes = appendHeader(r.bytes, '$', len(text))
		for _, p := range places {
			d := &r.draws[first+p.variable]
			d.at = append(d.at, len(r.bytes)+p.offset)
		}
		r.bytes = append(append(r.bytes, text...), "\r\n"...)
	}
	return nil
}

type place struct{ variable, offset int }

// expand replaces each {name} in arg by zeros and tells where they stand.
func expand(g *Group, arg string) (string, []place, error) {
	var out strings.Builder
	var places []place
	for i := 0; i < len(arg); i++ {
		if arg[i] != '{' || i+2 >= len(arg) || arg[i+2] != '}' {
			out.WriteByte(arg[i])
			continue
		}
		found := -1
		for j, v := range g.Vars {
			if v.Name == arg[i+1] {
				found = j
			}
		}
		if found < 0 {
			return "", nil, fmt.Errorf("group %s: %q names an unknown variable", g.Name, arg)
		}
		places = append(places, place{found, out.Len()})
		out.WriteString(strings.Repeat("0", g.Vars[found].Digits))
		i += 2
	}
	return out.String(), places, nil
}

// batch returns the bytes of the next n requests; n is at most the pipeline depth and smaller only for the last batch of a run.
// first is the number of the first request in the run, which sequential mode counts from. The bytes are valid until the next call.
func (r *ring) batch(n int, first int64) []byte {
	if r.next == 0 {
		r.seq = first
		r.fill()
	}
	b := r.bytes[r.start[r.next]:r.start[r.next+n]]
	if r.next += r.pipeline; r.next == len(r.start)-1 {
		r.next = 0
	}
	return b
}

// fill draws new numbers for the whole ring. Nothing of it is in flight then: a connection has one batch at a time.
func (r *ring) fill() {
	for i := range r.draws {
		d := &r.draws[i]
		var n uint64
		if d.sequential {
			n = uint64(r.seq)
			r.seq++
		} else {
			n, _ = bits.Mul64(r.random(), uint64(d.bound))
		}
		for _, at := range d.at {
			putDigits(r.bytes[at:at+d.digits], n)
		}
	}
}

// random is splitmix64 (Steele, Lea, Flood, OOPSLA 2014): one addition of state, no allocation, good enough to pick keys.
func (r *ring) random() uint64 {
	r.rng += 0x9e3779b97f4a7c15
	z := r.rng
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func appendHeader(b []byte, kind byte, n int) []byte {
	b = append(b, kind)
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, '\r', '\n')
}

// putDigits writes n in decimal, zeros in front, dropping what doesn't fit.
func putDigits(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
