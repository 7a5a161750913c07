package tracking

import (
	"slices"
	"strings"
	"sync"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

// prefix is what some BCAST clients listen to, with the keys that have changed and are not
// announced yet. The list of prefixes is replaced when one is added or removed, so that writers
// read it without a lock.
type prefix struct {
	text    string
	mu      sync.Mutex
	members []*state // replaced, never changed
	changed map[string]*core.Client
}

// prefixMemory is what a membership costs: the client's entry and the prefix's, with the prefix itself.
func prefixMemory(text string) int64 { return 128 + int64(len(text)) }

// join makes the client a member of a prefix. Owner only.
func (f *family) join(s *state, text string) {
	if slices.Contains(s.prefixes, text) {
		return
	}
	s.prefixes = append(s.prefixes, text)
	s.client.AddMemory(prefixMemory(text))
	slices.Sort(s.prefixes)
	f.mu.Lock()
	defer f.mu.Unlock()
	list := *f.prefixes.Load()
	i, found := slices.BinarySearchFunc(list, text, func(p *prefix, t string) int { return strings.Compare(p.text, t) })
	if !found {
		fresh := slices.Insert(slices.Clone(list), i, &prefix{text: text, changed: map[string]*core.Client{}})
		f.prefixes.Store(&fresh)
		list = fresh
	}
	p := list[i]
	p.mu.Lock()
	p.members = append(slices.Clone(p.members), s)
	p.mu.Unlock()
}

// leave ends all memberships of the client. Owner only.
func (f *family) leave(s *state) {
	if len(s.prefixes) == 0 {
		return
	}
	for _, text := range s.prefixes {
		s.client.AddMemory(-prefixMemory(text))
	}
	s.prefixes = nil
	f.mu.Lock()
	defer f.mu.Unlock()
	var keep []*prefix
	for _, p := range *f.prefixes.Load() {
		p.mu.Lock()
		if i := slices.Index(p.members, s); i >= 0 {
			p.members = slices.Delete(slices.Clone(p.members), i, i+1)
		}
		empty := len(p.members) == 0
		p.mu.Unlock()
		if !empty {
			keep = append(keep, p)
		}
	}
	f.prefixes.Store(&keep)
}

// note remembers a changed key for the prefixes it has, and who alone has changed it: nil for the server, and for several, as
// the order of their changes is not known here. O(prefixes).
func note(prefixes []*prefix, from *core.Client, key []byte) {
	for _, p := range prefixes {
		if len(key) < len(p.text) || string(key[:len(p.text)]) != p.text {
			continue
		}
		p.mu.Lock()
		if by, ok := p.changed[string(key)]; ok && by != from {
			from = nil
		}
		p.changed[string(key)] = from
		p.mu.Unlock()
	}
}

// broadcast announces what has changed since the last time: one message for all members of a
// prefix, a different one for those with NOLOOP who have changed some of the keys themselves.
func (f *family) broadcast(o origin) {
	for _, p := range *f.prefixes.Load() {
		p.mu.Lock()
		changed, members := p.changed, p.members
		if len(changed) != 0 {
			p.changed = map[string]*core.Client{}
		}
		p.mu.Unlock()
		if len(changed) != 0 {
			f.announce(o, members, changed)
		}
	}
}

func (f *family) announce(o origin, members []*state, changed map[string]*core.Client) {
	var all message
	for _, s := range members {
		m := &all
		if s.has(noLoop) {
			m = new(message)
			m.value = keyArray(changed, s.client)
		} else if m.value == nil {
			m.value = keyArray(changed, nil)
		}
		if len(m.value) != 0 {
			f.send(o, s, m)
		}
	}
}

// keyArray encodes the keys, sorted, but for those that except has changed; nothing when none is left.
func keyArray(changed map[string]*core.Client, except *core.Client) []byte {
	keys := make([]string, 0, len(changed))
	size := 16
	for k, by := range changed {
		if except == nil || by != except {
			keys = append(keys, k)
			size += len(k) + 16
		}
	}
	if len(keys) == 0 {
		return []byte{}
	}
	if len(keys) > 1 {
		slices.Sort(keys)
	}
	w := protocol.Writer{Buf: make([]byte, 0, size)}
	w.Array(len(keys))
	for _, k := range keys {
		w.BulkString(k)
	}
	return w.Buf
}
