package core

import (
	"strconv"
	"strings"
	"sync/atomic"
)

// EventClass is a set of keyspace event classes, in the letters of
// notify-keyspace-events.
type EventClass uint32

const (
	EventKeyspace EventClass = 1 << iota // K
	EventKeyevent                        // E
	EventGeneric                         // g
	EventString                          // $
	EventList                            // l
	EventSet                             // s
	EventHash                            // h
	EventZSet                            // z
	EventExpired                         // x
	EventEvicted                         // e
	EventStream                          // t
	EventKeyMiss                         // m, not in A
	EventModule                          // d
	EventNew                             // n, not in A
	eventAll      = EventGeneric | EventString | EventList | EventSet | EventHash | EventZSet | EventExpired |
		EventEvicted | EventStream | EventModule
)

var eventLetters = []struct {
	letter byte
	class  EventClass
}{
	{'g', EventGeneric},
	{'$', EventString},
	{'l', EventList},
	{'s', EventSet},
	{'h', EventHash},
	{'z', EventZSet},
	{'x', EventExpired},
	{'e', EventEvicted},
	{'t', EventStream},
	{'d', EventModule},
	{'K', EventKeyspace},
	{'E', EventKeyevent},
	{'m', EventKeyMiss},
	{'n', EventNew},
}

// ParseEventClasses reads notify-keyspace-events; unknown letters are ignored,
// the option's own check refuses them.
func ParseEventClasses(s string) EventClass {
	var m EventClass
	for i := range len(s) {
		if s[i] == 'A' {
			m |= eventAll
		}
		for _, l := range eventLetters {
			if l.letter == s[i] {
				m |= l.class
			}
		}
	}
	return m
}

type notifyState struct {
	mask    atomic.Uint32
	keymiss atomic.Bool
	created atomic.Bool
}

func (n *notifyState) setMask(m EventClass) {
	if m&(EventKeyspace|EventKeyevent) == 0 {
		m = 0
	}
	n.mask.Store(uint32(m))
	n.keymiss.Store(m&EventKeyMiss != 0)
	n.created.Store(m&EventNew != 0)
}

type event struct {
	class EventClass
	name  string
	db    int
	key   string
}

func event0(class EventClass, name string, k Key) event {
	return event{class, name, k.DB, string(k.Name)}
}

// publishEvents sends keyspace events to their subscribers. No lock is held. from is the client
// whose goroutine this is, or nil.
func (e *Engine) publishEvents(from *Client, events []event) {
	mask := EventClass(e.notify.mask.Load())
	for _, ev := range events {
		db := strconv.Itoa(ev.db)
		if mask&EventKeyspace != 0 {
			e.broker.Publish(from, []byte("__keyspace@"+db+"__:"+ev.key), []byte(ev.name))
		}
		if mask&EventKeyevent != 0 {
			e.broker.Publish(from, []byte("__keyevent@"+db+"__:"+ev.name), []byte(ev.key))
		}
	}
}

// FormatEventClasses prints classes as CONFIG GET does.
func FormatEventClasses(m EventClass) string {
	var b strings.Builder
	if m&eventAll == eventAll {
		b.WriteByte('A')
	}
	for _, l := range eventLetters {
		if m&l.class != 0 && (l.class&eventAll == 0 || m&eventAll != eventAll) {
			b.WriteByte(l.letter)
		}
	}
	return b.String()
}
