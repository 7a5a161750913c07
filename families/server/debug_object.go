package server

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/rdb"
	"github.com/redust/redust/protocol"
)

// debugObject tells about a value. "Value at" is a number for it, not an address:
// values move.
func debugObject(_ *family, c *core.Ctx, args [][]byte) error {
	err := error(protocol.ErrNoSuchKey)
	exclusively(c, func() {
		ent, ok := c.Peek(c.OtherKey(args[0]))
		if !ok {
			return
		}
		var text string
		if text, err = describe(c, ent); err == nil {
			c.Reply.SimpleString(text)
		}
	})
	return err
}

func describe(c *core.Ctx, ent keyspace.Entry) (string, error) {
	v := core.ValueOf(ent)
	t := c.Engine().Registry().Type(ent.Type())
	if t == nil {
		return "", protocol.ErrNoSuchKey
	}
	size, err := savedSize(t, v)
	if err != nil {
		return "", err
	}
	encoding := "unknown"
	if t.Encoding != nil {
		encoding = t.Encoding(v)
	}
	lru, idle := ent.Access(), int64(0)
	if !c.Engine().UsesLFU() {
		idle = core.IdleSeconds(lru, c.Now())
	}
	text := fmt.Sprintf("Value at:%#x refcount:1 encoding:%s serializedlength:%d lru:%d lru_seconds_idle:%d",
		c.Engine().Keyspace().Hash(ent.Key())&(1<<47-1), encoding, size, lru, idle)
	if t.DebugInfo != nil {
		text += " " + t.DebugInfo(v)
	}
	return text, nil
}

// savedSize is how many bytes the value takes in an RDB file.
func savedSize(t *core.TypeInfo, v core.Value) (int64, error) {
	enc := rdb.NewEncoder(io.Discard, rdb.EncoderOptions{Compress: true})
	if err := t.Save(enc, v); err != nil {
		return 0, err
	}
	return enc.Offset(), enc.Err()
}

// debugListpack writes a value that OBJECT ENCODING calls a listpack to the log, as the
// commands that would build it.
func debugListpack(_ *family, c *core.Ctx, args [][]byte) error {
	err := error(protocol.ErrNoSuchKey)
	var commands []string
	exclusively(c, func() {
		ent, ok := c.Peek(c.OtherKey(args[0]))
		if !ok {
			return
		}
		v := core.ValueOf(ent)
		t := c.Engine().Registry().Type(ent.Type())
		if t == nil || t.Encoding == nil || t.Encoding(v) != "listpack" {
			err = protocol.Error("ERR Not a listpack encoded object.")
			return
		}
		err = nil
		t.Rewrite(args[0], v, func(args ...[]byte) {
			commands = append(commands, fmt.Sprintf("%q", args))
		})
	})
	if err != nil {
		return err
	}
	c.Engine().Logger().Warn("DEBUG LISTPACK", "commands", strings.Join(commands, " "))
	c.Reply.SimpleString("Listpack structure printed on stdout")
	return nil
}

// populateBatch is how many keys are made under one hold of the shards.
const populateBatch = 1024

// debugPopulate makes string keys that are not there yet. Neither replicas nor the AOF
// hear of them, as in Redis.
func debugPopulate(_ *family, c *core.Ctx, args [][]byte) error {
	count, err := positive(args[0])
	if err != nil {
		return err
	}
	prefix, size := []byte("key"), int64(0)
	if len(args) > 1 {
		prefix = args[1]
	}
	if len(args) > 2 {
		if size, err = positive(args[2]); err != nil {
			return err
		}
	}
	if size > c.Engine().Options().Int("proto-max-bulk-len").Load() {
		return protocol.ErrStringTooLong
	}
	key, value := append(append([]byte(nil), prefix...), ':'), []byte("value:")
	for from := int64(0); from < count; from += populateBatch {
		exclusively(c, func() {
			for i := from; i < min(from+populateBatch, count); i++ {
				populate(c, strconv.AppendInt(key, i, 10), strconv.AppendInt(value, i, 10), size)
			}
		})
	}
	c.Reply.OK()
	return nil
}

// populate makes one key; with a size, the value is cut or filled with zeros to it.
func populate(c *core.Ctx, name, value []byte, size int64) {
	k := c.OtherKey(name)
	if c.Exists(k) {
		return
	}
	if size > 0 {
		v := make([]byte, size)
		copy(v, value)
		value = v
	}
	c.Store(k, core.Stored{Type: keyspace.String, Enc: keyspace.EncRaw, Packed: value}, false)
}
