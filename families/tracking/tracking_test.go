package tracking_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/connection"
	keysfamily "github.com/redust/redust/families/keys"
	"github.com/redust/redust/families/pubsub"
	strfamily "github.com/redust/redust/families/strings"
	"github.com/redust/redust/families/tracking"
	"github.com/redust/redust/families/transactions"
)

func harness(t *testing.T) *coretest.Harness {
	t.Helper()
	return coretest.New(t, connection.New(), keysfamily.New(), strfamily.New(), transactions.New(), pubsub.New(), tracking.New())
}

func invalidate(keys ...string) string {
	var b strings.Builder
	b.WriteString(">2\r\n$10\r\ninvalidate\r\n")
	w := []string{"*" + string(rune('0'+len(keys)))}
	for _, k := range keys {
		w = append(w, "$"+string(rune('0'+len(k))), k)
	}
	b.WriteString(strings.Join(w, "\r\n") + "\r\n")
	return b.String()
}

func TestReadersHearOfChangesOnce(t *testing.T) {
	h := harness(t)
	r, w := h.Client(), h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON").OK()
	w.Do("SET", "k", "1").OK()
	r.Do("GET", "k")
	w.Do("SET", "k", "2").OK()
	w.Do("SET", "k", "3").OK()
	if got := r.Pushed(); got != invalidate("k") {
		t.Errorf("pushed %q", got)
	}
	r.Do("GET", "k")
	r.Do("CLIENT", "TRACKING", "OFF").OK()
	w.Do("SET", "k", "4").OK()
	if got := r.Pushed(); got != "" {
		t.Errorf("pushed %q after OFF", got)
	}
}

func TestOwnChangeIsAnnouncedBehindTheReply(t *testing.T) {
	h := harness(t)
	r := h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON").OK()
	r.Do("GET", "k")
	r.Do("SET", "k", "1").Equals("+OK\r\n" + invalidate("k"))
	r.Do("CLIENT", "TRACKING", "ON", "NOLOOP").OK()
	r.Do("GET", "k")
	r.Do("SET", "k", "1").OK()
}

func TestExpiryAndFlushInvalidate(t *testing.T) {
	h := harness(t)
	r, w := h.Client(), h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON").OK()
	w.Do("SET", "k", "1", "PX", "10").OK()
	r.Do("GET", "k")
	h.Advance(20 * time.Millisecond)
	if got := r.Pushed(); got != invalidate("k") {
		t.Errorf("expiry pushed %q", got)
	}
	w.Do("FLUSHALL").OK()
	if got := r.Pushed(); got != ">2\r\n$10\r\ninvalidate\r\n_\r\n" {
		t.Errorf("FLUSHALL pushed %q", got)
	}
}

func TestBroadcastGathersABatch(t *testing.T) {
	h := harness(t)
	r, w := h.Client(), h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "PREFIX", "b").OK()
	for _, k := range []string{"a2", "c1", "a1", "b1", "a2"} {
		w.Do("SET", k, "x").OK()
	}
	if got := r.Pushed(); got != "" {
		t.Errorf("pushed %q before the batch ended", got)
	}
	w.C.Flush()
	if got, want := r.Pushed(), invalidate("a1", "a2")+invalidate("b1"); got != want {
		t.Errorf("pushed %q, want %q", got, want)
	}
}

func TestOptInHoldsForOneCommandOrTransaction(t *testing.T) {
	h := harness(t)
	r, w := h.Client(), h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON", "OPTIN").OK()
	for _, c := range []struct {
		name string
		do   func()
		want string
	}{
		{"without", func() { r.Do("GET", "k") }, ""},
		{"with", func() { r.Do("CLIENT", "CACHING", "YES").OK(); r.Do("GET", "k") }, invalidate("k")},
		{"spent on another", func() { r.Do("CLIENT", "CACHING", "YES").OK(); r.Do("PING"); r.Do("GET", "k") }, ""},
		{"other CLIENT commands don't count", func() {
			r.Do("CLIENT", "CACHING", "YES").OK()
			r.Do("CLIENT", "ID")
			r.Do("GET", "k")
		}, invalidate("k")},
		{"transaction", func() {
			r.Do("CLIENT", "CACHING", "YES").OK()
			r.Do("MULTI").OK()
			r.Do("PING")
			r.Do("GET", "k")
			r.Do("EXEC")
		}, invalidate("k")},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.do()
			w.Do("SET", "k", "x").OK()
			if got := r.Pushed(); got != c.want {
				t.Errorf("pushed %q, want %q", got, c.want)
			}
		})
	}
}

func TestRedirectToARESP2Subscriber(t *testing.T) {
	h := harness(t)
	r, w, sink := h.Client(), h.Client(), h.Client()
	sink.Do("SUBSCRIBE", "__redis__:invalidate")
	id := sink.C.ID()
	r.Do("CLIENT", "TRACKING", "ON", "REDIRECT", string(rune('0'+id))).OK()
	r.Do("GET", "k")
	w.Do("SET", "k", "1").OK()
	if got, want := sink.Pushed(), "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\nk\r\n"; got != want {
		t.Errorf("pushed %q, want %q", got, want)
	}
}

func TestTableIsBounded(t *testing.T) {
	h := harness(t)
	h.Set("tracking-table-max-keys", "2")
	r := h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON").OK()
	raw := r.Do("MGET", "a", "b", "c", "d", "e").Raw
	if n := strings.Count(raw, "invalidate"); n != 3 {
		t.Errorf("%d keys evicted, want 3: %q", n, raw)
	}
}

// What several have changed before it is announced was nobody's own change alone.
func TestNoLoopHearsOfWhatOthersChangeToo(t *testing.T) {
	h := harness(t)
	r, w := h.Client(), h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON", "BCAST", "NOLOOP").OK()
	r.Do("SET", "a", "1", "PX", "10").OK()
	r.Do("SET", "b", "1").OK()
	w.Do("SET", "b", "2").OK()
	r.Do("SET", "c", "1").OK()
	h.Advance(20 * time.Millisecond)
	r.C.Flush()
	w.C.Flush()
	if got := r.Pushed(); got != invalidate("a", "b") {
		t.Errorf("pushed %q", got)
	}
}

// The table shrinks when its limit does, without a further read.
func TestTableShrinksWithItsLimit(t *testing.T) {
	h := harness(t)
	r := h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON").OK()
	for i := range 250 {
		r.Do("GET", strconv.Itoa(i))
	}
	h.Set("tracking-table-max-keys", "1")
	n := 0
	for end := time.Now().Add(20 * time.Second); n < 249; time.Sleep(time.Millisecond) {
		if n += strings.Count(r.Pushed(), "invalidate"); time.Now().After(end) {
			t.Fatalf("%d keys evicted, want 249", n)
		}
	}
}

// In a transaction each change is announced by itself, as the client may read the key again in between; all of it stands
// behind EXEC's reply.
func TestTransactionAnnouncesEachChange(t *testing.T) {
	h := harness(t)
	r, b := h.Client(), h.Client()
	r.Do("HELLO", "3")
	r.Do("CLIENT", "TRACKING", "ON").OK()
	b.Do("HELLO", "3")
	b.Do("CLIENT", "TRACKING", "ON", "BCAST").OK()
	r.Do("MULTI").OK()
	for _, c := range [][]string{{"GET", "k"}, {"SET", "k", "1"}, {"GET", "k"}, {"SET", "k", "2"}, {"SET", "k", "3"}} {
		r.Do(c...)
	}
	raw := r.Do("EXEC").Raw
	if want := "+OK\r\n+OK\r\n" + invalidate("k") + invalidate("k"); !strings.HasSuffix(raw, want) {
		t.Errorf("got %q", raw)
	}
	r.C.Flush()
	if got := b.Pushed(); got != invalidate("k") {
		t.Errorf("broadcast %q", got)
	}
}
