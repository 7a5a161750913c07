package server

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// Size of the picture in characters, and the limits of what may be asked for.
const (
	lolwutCols, lolwutRows       = 66, 14
	lolwutMaxCols, lolwutMaxRows = 200, 100
)

// lolwut draws a rusting iron plate: LOLWUT, or LOLWUT VERSION 5 or 6, then [columns [rows]].
// Every other version has no picture, as in Redis.
func lolwut(c *core.Ctx) error {
	args := c.Args[1:]
	draw := len(args) == 0
	size := [3]int64{lolwutCols, lolwutRows}
	if len(args) >= 2 && protocol.IsWord(args[0], "VERSION") {
		version, ok := protocol.ParseInt(args[1])
		if !ok {
			return protocol.ErrNotInt
		}
		if draw = version == 5 || version == 6; draw {
			if err := lolwutSize(&size, args[2:]); err != nil {
				return err
			}
		}
	}
	var b strings.Builder
	if draw {
		rustPlate(&b, int(min(max(size[0], 1), lolwutMaxCols)), int(min(max(size[1], 1), lolwutMaxRows)))
		b.WriteString("\nIron and rust, a different plate each time. Drawn by Redust")
		if p := c.Engine().Process(); p != nil {
			version, _, _ := p.Version()
			b.WriteString(" " + version)
		}
		b.WriteString(".\n")
	}
	b.WriteString("Redis ver. " + RedisVersion + "\n")
	c.Reply.Verbatim("txt", []byte(b.String()))
	return nil
}

// lolwutSize reads columns and rows. Redis's version 5 has a third number, which is
// checked only.
func lolwutSize(size *[3]int64, args [][]byte) error {
	for i := range min(len(args), len(size)) {
		n, ok := protocol.ParseInt(args[i])
		if !ok {
			return protocol.ErrNotInt
		}
		size[i] = n
	}
	return nil
}

// rustPlate lets rust spread from random spots: the nearer to one, the denser.
func rustPlate(b *strings.Builder, cols, rows int) {
	shades := []rune(" ·░▒▓█")
	type spot struct{ x, y, size float64 }
	spots := make([]spot, 3+rand.IntN(4))
	for i := range spots {
		spots[i] = spot{rand.Float64() * float64(cols), rand.Float64() * float64(rows), 2 + 4*rand.Float64()}
	}
	for y := range rows {
		for x := range cols {
			rust := 0.0
			for _, s := range spots {
				dx, dy := (float64(x)-s.x)/2, float64(y)-s.y // a character is about twice as high as wide
				rust += math.Exp(-(dx*dx + dy*dy) / (2 * s.size * s.size))
			}
			rust *= 0.7 + 0.6*rand.Float64()
			b.WriteRune(shades[min(int(rust*float64(len(shades))), len(shades)-1)])
		}
		b.WriteByte('\n')
	}
}
