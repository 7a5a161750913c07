package keysfamily

import (
	"fmt"
	"math"
	"slices"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/core/rdb"
	"github.com/redust/redust/protocol"
)

func (f *family) dumpCommands() []core.Command {
	return []core.Command{
		{
			Name: "DUMP", Arity: 2,
			Flags:      core.ReadOnlyCmd,
			Keys:       core.KeyAt(1, core.ReadOnly|core.AccessData),
			Group:      "generic",
			Since:      "2.6.0",
			Complexity: "O(N), N = elements of the value",
			Summary:    "Returns a key's value in the format of snapshots, with version and checksum.",
			Syntax:     "key@0",
			Tips:       []string{"nondeterministic_output"},
			ACL:        core.CatKeyspace,
			Run:        f.dump,
			Weight:     func(c *core.Ctx) int { return valueWeight(c, c.Key(0)) },
		},
		{
			Name: "RESTORE", Arity: -4,
			Flags:      core.Write | core.DenyOOM,
			Keys:       core.KeyAt(1, core.Overwrite|core.Update),
			Group:      "generic",
			Since:      "2.6.0",
			Complexity: "O(N), N = elements of the value; O(N*log(N)) for a large sorted set",
			Summary:    "Stores what DUMP returned, here or elsewhere, at a key.",
			Syntax:     "key@0 ttl:integer serialized-value [REPLACE<3.0.0>] [ABSTTL<5.0.0>] [seconds:integer=IDLETIME<5.0.0>] [frequency:integer=FREQ<5.0.0>]",
			History: [][2]string{
				{"3.0.0", "The option `REPLACE` came."},
				{"5.0.0", "The option `ABSTTL` came."},
				{"5.0.0", "The options `IDLETIME` and `FREQ` came."},
			},
			ACL:    core.CatKeyspace | core.CatDangerous,
			Run:    restore,
			Weight: func(c *core.Ctx) int { return len(c.Args[3]) / elementBytes },
		},
	}
}

const (
	errIdleTime   = protocol.Error("ERR Invalid IDLETIME value, must be >= 0")
	errFreq       = protocol.Error("ERR Invalid FREQ value, must be >= 0 and <= 255")
	errRestoreTTL = protocol.Error("ERR Invalid TTL value, must be >= 0")
)

// maxKeptEncoder is the size in bytes of the largest buffer that is kept for the next DUMP.
const maxKeptEncoder = 1 << 20

func (f *family) dump(c *core.Ctx) error {
	v, ok, err := c.Value(c.Key(0), keyspace.None)
	if err != nil {
		return err
	}
	if !ok {
		c.Reply.Null()
		return nil
	}
	return f.dumped(c, v, func(payload []byte) { c.Reply.Bulk(payload) })
}

// dumped hands use the payload of a value, which is only good until use returns.
func (f *family) dumped(c *core.Ctx, v core.Value, use func(payload []byte)) error {
	t := c.Engine().Registry().Type(v.Type)
	e := f.encoder()
	defer f.release(e)
	e.Raw([]byte{byte(t.RDBType(v))})
	if err := t.Save(e, v); err != nil {
		return protocol.Errorf("ERR the value can't be dumped: %v", err)
	}
	use(rdb.SealPayload(e.Bytes(), 0))
	return nil
}

// encoder is one that writes to memory: those that compress are kept, for the table they have.
func (f *family) encoder() *rdb.Encoder {
	if !f.compress.Load() {
		return rdb.NewEncoder(nil, rdb.EncoderOptions{})
	}
	if e, ok := f.encoders.Get().(*rdb.Encoder); ok {
		return e
	}
	return rdb.NewEncoder(nil, rdb.EncoderOptions{Compress: true})
}

func (f *family) release(e *rdb.Encoder) {
	if b := e.Bytes(); cap(b) <= maxKeptEncoder && f.compress.Load() {
		e.Reset(nil, b)
		f.encoders.Put(e)
	}
}

type restoreOptions struct {
	replace, absolute bool
	idle, freq        int64 // -1 if not given
}

func parseRestore(args [][]byte) (o restoreOptions, err error) {
	o.idle, o.freq = -1, -1
	for i := 4; i < len(args); i++ {
		more := i+1 < len(args)
		var ok bool
		switch {
		case protocol.IsWord(args[i], "REPLACE"):
			o.replace = true
		case protocol.IsWord(args[i], "ABSTTL"):
			o.absolute = true
		case protocol.IsWord(args[i], "IDLETIME") && more && o.freq == -1:
			i++
			if o.idle, ok = protocol.ParseInt(args[i]); !ok {
				return o, protocol.ErrNotInt
			}
			if o.idle < 0 {
				return o, errIdleTime
			}
		case protocol.IsWord(args[i], "FREQ") && more && o.idle == -1:
			i++
			if o.freq, ok = protocol.ParseInt(args[i]); !ok {
				return o, protocol.ErrNotInt
			}
			if o.freq < 0 || o.freq > 255 {
				return o, errFreq
			}
		default:
			return o, protocol.ErrSyntax
		}
	}
	return o, nil
}

// access is the LRU or LFU data to restore: 0 if nothing that suits the policy was given.
func (o *restoreOptions) access(c *core.Ctx) uint32 {
	switch lfu := c.Engine().UsesLFU(); {
	case lfu && o.freq >= 0:
		return core.LFUAccess(uint8(o.freq), c.Now())
	case !lfu && o.idle >= 0:
		return core.LRUFromIdle(min(o.idle, math.MaxInt32), c.Now())
	}
	return 0
}

func restore(c *core.Ctx) error {
	o, err := parseRestore(c.Args)
	if err != nil {
		return err
	}
	k := c.Key(0)
	if !o.replace && c.Exists(k) {
		return protocol.ErrBusyKey
	}
	ttl, ok := protocol.ParseInt(c.Args[2])
	if !ok {
		return protocol.ErrNotInt
	}
	if ttl < 0 {
		return errRestoreTTL
	}
	v, err := decode(c.Engine(), c.Args[3])
	if err != nil {
		return protocol.Error("ERR " + err.Error())
	}
	deadline := int64(core.NoDeadline)
	if ttl != 0 {
		if deadline = ttl; !o.absolute {
			deadline += c.Now()
		}
	}
	c.Reply.OK()
	if deadline != core.NoDeadline && c.Due(deadline) {
		if v.Object != nil {
			v.Object.Free()
		}
		if c.Remove(k) {
			c.Changed(core.EventGeneric, "del", k)
			propagateDel(c, k)
		}
		return nil
	}
	c.Place(k, core.Taken{Value: v, Deadline: deadline, Access: o.access(c)})
	c.Changed(core.EventGeneric, "restore", k)
	if deadline != core.NoDeadline && !o.absolute && c.Propagates() {
		args := append(slices.Clone(c.Args), absttlWord)
		args[2] = decimal(deadline)
		c.Propagate(args...)
	}
	return nil
}

// decode reads a payload of DUMP. The error is rdb.ErrPayload or rdb.ErrBadFormat, the detail of which goes to the log.
func decode(e *core.Engine, payload []byte) (core.Stored, error) {
	kind, body, err := rdb.CheckPayload(payload, e.Debug().ChecksumsSkipped.Load())
	if err != nil {
		return core.Stored{}, err
	}
	d := rdb.NewBytesDecoder(body, rdb.DecoderOptions{Sanitize: rdb.SanitizeYes})
	var v core.Stored
	if t := typeOf(e.Registry(), kind); t != nil {
		v, err = t.Load(d, kind)
	} else if err = d.Skip(kind); err == nil {
		err = fmt.Errorf("no family has values of %v", kind)
	}
	if err != nil {
		e.Logger().Debug("RESTORE refused a payload", "reason", rdb.Refusal(kind, err))
		return core.Stored{}, rdb.ErrBadFormat
	}
	return v, nil
}

// typeOf returns the type whose values are saved as kind, nil if no family has it.
func typeOf(r *core.Registry, kind rdb.Type) *core.TypeInfo {
	for _, t := range r.Types() {
		if slices.Contains(t.RDBTypes, kind) {
			return t
		}
	}
	return nil
}
