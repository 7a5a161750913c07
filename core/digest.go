package core

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"

	"github.com/redust/redust/core/keyspace"
)

// Digest accumulates DEBUG DIGEST's fingerprint: it equals Redis's for the same
// data, whatever the encodings. Mix is sensitive to order, Xor is not.
type Digest struct{ sum [sha1.Size]byte }

// Xor folds b in without regard to order.
func (d *Digest) Xor(b []byte) {
	h := sha1.Sum(b)
	for i := range d.sum {
		d.sum[i] ^= h[i]
	}
}

// Mix folds b in so that what came before matters.
func (d *Digest) Mix(b []byte) {
	d.Xor(b)
	d.sum = sha1.Sum(d.sum[:])
}

// XorElement folds in one element made of parts in order: a hash's field and
// value, a sorted set's member and score text.
func (d *Digest) XorElement(parts ...[]byte) {
	var e Digest
	for _, p := range parts {
		e.Mix(p)
	}
	d.Xor(e.sum[:])
}

// Sum is the digest so far.
func (d *Digest) Sum() [sha1.Size]byte { return d.sum }

// redisTypeNumber is how Redis numbers types inside its digest.
var redisTypeNumber = map[keyspace.Type]uint32{
	keyspace.String: 0, keyspace.List: 1, keyspace.Set: 2,
	keyspace.ZSet: 3, keyspace.Hash: 4, keyspace.Module: 5, keyspace.Stream: 6,
}

// AddValue folds in a value as xorObjectDigest does: its type, its content, whether it has a TTL.
func (d *Digest) AddValue(t *TypeInfo, v Value, volatile bool) {
	var num [4]byte
	binary.BigEndian.PutUint32(num[:], redisTypeNumber[v.Type])
	d.Mix(num[:])
	t.Digest(d, v)
	if volatile {
		d.Xor([]byte("!!expire!!"))
	}
}

// everyKey is a count for keyspace.Scan that no database reaches; it stays clear of
// overflow when multiplied by the slots of a key.
const everyKey = 1 << 56

// DigestAll is the digest of every database. The command holds all shards.
func (c *Ctx) DigestAll() [sha1.Size]byte {
	var all Digest
	for db := range c.eng.ks.Databases() {
		if c.eng.ks.Len(db) == 0 {
			continue
		}
		var num [4]byte
		binary.BigEndian.PutUint32(num[:], uint32(db))
		all.Mix(num[:])
		c.eng.ks.Scan(db, 0, everyKey, true, func(ent keyspace.Entry) {
			var one Digest
			one.Mix(ent.Key())
			_, volatile := ent.ExpireAt()
			if t := c.eng.reg.Type(ent.Type()); t != nil && t.Digest != nil {
				one.AddValue(t, ValueOf(ent), volatile)
			}
			all.Xor(one.sum[:])
		})
	}
	return all.sum
}

// Digest is DigestAll in hexadecimal, for tests and tools. It takes all shards.
func (e *Engine) Digest() string {
	var out string
	c := Ctx{eng: e}
	e.WithAllShards(func() {
		sum := c.DigestAll()
		out = hex.EncodeToString(sum[:])
	})
	return out
}
