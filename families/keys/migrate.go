package keysfamily

import (
	"math"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/keyspace"
	"github.com/redust/redust/protocol"
)

func (f *family) migrateCommands() []core.Command {
	return []core.Command{{
		Name: "MIGRATE", Arity: -6,
		Flags: core.Write,
		Keys: core.KeyAt(3, core.ReadWrite|core.AccessData|core.Delete).And(core.KeySpecs{{
			Access: core.ReadWrite | core.AccessData | core.Delete | core.Incomplete, Keyword: "KEYS", StartFrom: -2, LastKey: -1, Step: 1,
		}}),
		FindKeys:   migrateKeys,
		Group:      "generic",
		Since:      "2.6.0",
		Complexity: "O(N), N = elements of the values, here and at the target",
		Summary:    "Moves keys to another server, in one step each.",
		Syntax: `host port:integer key_or_empty_string(key@0|empty_string:pure-token="") destination-db:integer timeout:integer [COPY<3.0.0>] [REPLACE<3.0.0>] ` +
			`[authentication([password:string=AUTH<4.0.7>]|[username_password=AUTH2<6.0.0>(username password)])] [key@1=KEYS<3.0.6>...]`,
		History: [][2]string{
			{"3.0.0", "The options `COPY` and `REPLACE` came."},
			{"3.0.6", "The option `KEYS` came."},
			{"4.0.7", "The option `AUTH` came."},
			{"6.0.0", "The option `AUTH2` came."},
		},
		Tips:    []string{"nondeterministic_output"},
		ACL:     core.CatKeyspace | core.CatDangerous,
		Run:     f.migrate,
		Secrets: migrateSecrets,
		// The target is waited for with the keys reserved, never with shards locked.
		Weight: func(*core.Ctx) int { return math.MaxInt },
	}}
}

// migrateWords are the options, with the number of arguments that follow each.
var migrateWords = []struct {
	name string
	args int
}{{"COPY", 0}, {"REPLACE", 0}, {"AUTH", 1}, {"AUTH2", 2}, {"KEYS", 0}}

// migrateOption reads the name of an option: "" if it is none.
func migrateOption(arg []byte) (name string, args int) {
	for _, w := range migrateWords {
		if protocol.IsWord(arg, w.name) {
			return w.name, w.args
		}
	}
	return "", 0
}

// migrateKeys finds the keys: the third argument or, if that is empty, all after KEYS.
func migrateKeys(args [][]byte) ([]core.KeyRef, error) {
	const access = core.ReadWrite | core.AccessData | core.Delete
	for i := 6; i < len(args); i++ {
		name, n := migrateOption(args[i])
		if i += n; name != "KEYS" {
			continue
		}
		if len(args[3]) != 0 {
			return nil, errMigrateKeys
		}
		refs := make([]core.KeyRef, 0, len(args)-i-1)
		for i++; i < len(args); i++ {
			refs = append(refs, core.KeyRef{Pos: i, Access: access})
		}
		return refs, nil
	}
	return []core.KeyRef{{Pos: 3, Access: access}}, nil
}

// migrateSecrets finds passwords.
func migrateSecrets(args [][]byte) (secrets []int) {
	for i := 6; i < len(args); i++ {
		name, n := migrateOption(args[i])
		if name == "KEYS" {
			break
		}
		if i += n; n > 0 && i < len(args) {
			secrets = append(secrets, i)
		}
	}
	return secrets
}

// migrateOptions are the arguments after the key.
type migrateOptions struct {
	target        migrateTarget
	db            int64
	timeout       time.Duration
	copy, replace bool
}

const (
	errMigrateKeys = protocol.Error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
	errMigrateDial = protocol.Error("IOERR error or timeout connecting to the client")
	errMigrateSend = protocol.Error("IOERR error or timeout writing to target instance")
	errMigrateRead = protocol.Error("IOERR error or timeout reading to target instance")
	// migrateDefault is the timeout if the one given isn't positive.
	migrateDefault = time.Second
)

func parseMigrate(args [][]byte) (o migrateOptions, err error) {
	o.target.host, o.target.port = string(args[1]), string(args[2])
	for i := 6; i < len(args); i++ {
		name, n := migrateOption(args[i])
		if i+n >= len(args) {
			return o, protocol.ErrSyntax
		}
		switch name {
		case "COPY":
			o.copy = true
		case "REPLACE":
			o.replace = true
		case "AUTH":
			o.target.user, o.target.password, o.target.auth = "", string(args[i+1]), true
		case "AUTH2":
			o.target.user, o.target.password, o.target.auth = string(args[i+1]), string(args[i+2]), true
		case "KEYS":
			if len(args[3]) != 0 {
				return o, errMigrateKeys
			}
			i = len(args)
		default:
			return o, protocol.ErrSyntax
		}
		i += n
	}
	ms, ok := protocol.ParseInt(args[5])
	if !ok {
		return o, protocol.ErrNotInt
	}
	if o.db, ok = protocol.ParseInt(args[4]); !ok {
		return o, protocol.ErrNotInt
	}
	if o.timeout = migrateDefault; ms > 0 {
		o.timeout = time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
	}
	return o, nil
}

// migrate sends the keys that exist to the target as RESTORE would take them, and deletes each that it has acknowledged.
func (f *family) migrate(c *core.Ctx) error {
	o, err := parseMigrate(c.Args)
	if err != nil {
		return err
	}
	values, err := findMigrating(c)
	if err != nil {
		return err
	}
	if len(values) == 0 {
		c.Reply.SimpleString("NOKEY")
		return nil
	}
	moved, err := f.links.move(c.Engine().WritesOpen(), &o, values, func(b []byte, v *migrating) ([]byte, error) { return f.appendRestore(b, c, v, o.replace) })
	if !o.copy {
		f.deleteMoved(c, moved)
	}
	if err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

// migrating is a key on its way, with what it holds.
type migrating struct {
	key      core.Key
	value    core.Value
	deadline int64 // ms since the epoch, core.NoDeadline: none
}

// findMigrating finds the keys that exist. They are reserved, or locked: nobody changes them until the command ends.
func findMigrating(c *core.Ctx) (values []migrating, err error) {
	for _, k := range c.Keys() {
		v, ok, err := c.Value(k, keyspace.None)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		m := migrating{k, v, core.NoDeadline}
		if at, has := c.ExpireAt(k); has {
			m.deadline = at
		}
		values = append(values, m)
	}
	return values, nil
}

// appendRestore adds the command that makes the key at the target, nothing if its time is up.
func (f *family) appendRestore(b []byte, c *core.Ctx, m *migrating, replace bool) ([]byte, error) {
	ttl := int64(0)
	if m.deadline != core.NoDeadline {
		if ttl = m.deadline - c.Engine().NowMs(); ttl < 0 {
			return b, nil
		}
		ttl = max(1, ttl)
	}
	err := f.dumped(c, m.value, func(payload []byte) {
		args := append(make([][]byte, 0, 5), restoreWord, m.key.Name, decimal(ttl), payload)
		if replace {
			args = append(args, replaceWord)
		}
		b = protocol.AppendCommand(b, args...)
	})
	return b, err
}

// deleteMoved deletes keys that are at the target.
func (f *family) deleteMoved(c *core.Ctx, moved []core.Key) {
	effect := [][]byte{delWord}
	for _, k := range moved {
		if c.Remove(k) {
			c.Changed(core.EventGeneric, "del", k)
			effect = append(effect, k.Name)
		}
	}
	if len(effect) > 1 {
		c.Propagate(effect...)
	}
}
