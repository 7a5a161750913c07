package clients

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

func TestGoRedis(t *testing.T) {
	for _, s := range servers(t) {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s/RESP%d", s.name, protocol), func(t *testing.T) { driveGoRedis(t, s, protocol) })
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func driveGoRedis(t *testing.T, s target, protocol int) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c := redis.NewClient(&redis.Options{Addr: s.addr, Password: password, Username: "default", Protocol: protocol, ClientName: "suite"})
	defer c.Close()
	must(t, c.FlushAll(ctx).Err())
	if name := c.ClientGetName(ctx).Val(); name != "suite" {
		t.Errorf("client name %q", name)
	}
	wrong := redis.NewClient(&redis.Options{Addr: s.addr, Password: "wrong", Protocol: protocol})
	defer wrong.Close()
	if err := wrong.Ping(ctx).Err(); err == nil {
		t.Error("a wrong password is taken")
	}

	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 500 {
			p.Set(ctx, fmt.Sprint("p:", i), i, 0)
		}
		return nil
	})
	must(t, err)
	seen := map[string]bool{}
	it := c.Scan(ctx, 0, "p:*", 50).Iterator()
	for it.Next(ctx) {
		seen[it.Val()] = true
	}
	must(t, it.Err())
	if len(seen) != 500 {
		t.Errorf("SCAN found %d keys, want 500", len(seen))
	}

	err = c.Watch(ctx, func(tx *redis.Tx) error {
		must(t, c.Set(ctx, "n", 5, 0).Err())
		_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, "n", 9, 0).Err() })
		return err
	}, "n")
	if !errors.Is(err, redis.TxFailedErr) {
		t.Errorf("a transaction with a changed watch: %v", err)
	}
	cmds, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Incr(ctx, "n"); p.Incr(ctx, "n"); return nil })
	must(t, err)
	if n := cmds[1].(*redis.IntCmd).Val(); n != 7 {
		t.Errorf("n = %d, want 7", n)
	}

	go func() {
		time.Sleep(100 * time.Millisecond)
		c.RPush(ctx, "q", "x")
	}()
	if got, err := c.BLPop(ctx, 5*time.Second, "q").Result(); err != nil || got[1] != "x" {
		t.Errorf("BLPOP: %v, %v", got, err)
	}
	if err := c.BLPop(ctx, time.Second, "q").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("BLPOP without element: %v", err)
	}
	subscribeGoRedis(t, ctx, c)
}

// subscribeGoRedis kills the subscriber's connection: the library must come back with its subscriptions.
func subscribeGoRedis(t *testing.T, ctx context.Context, c *redis.Client) {
	t.Helper()
	sub := c.Subscribe(ctx, "ch")
	defer sub.Close()
	_, err := sub.Receive(ctx)
	must(t, err)
	ch := sub.Channel()
	must(t, c.Publish(ctx, "ch", "one").Err())
	if m := <-ch; m.Payload != "one" {
		t.Errorf("message %q", m.Payload)
	}
	if n, err := c.Do(ctx, "CLIENT", "KILL", "TYPE", "pubsub").Int(); err != nil || n != 1 {
		t.Fatalf("CLIENT KILL: %d, %v", n, err)
	}
	for {
		c.Publish(ctx, "ch", "two")
		select {
		case m := <-ch:
			if m.Payload != "two" {
				t.Errorf("message %q", m.Payload)
			}
			return
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the subscription did not come back")
		}
	}
}

func TestRueidis(t *testing.T) {
	for _, s := range servers(t) {
		t.Run(s.name, func(t *testing.T) { driveRueidis(t, s) })
	}
}

func driveRueidis(t *testing.T, s target) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var messages atomic.Int64
	open := func() rueidis.Client {
		c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.addr}, Password: password, ClientName: "suite"})
		must(t, err)
		t.Cleanup(c.Close)
		return c
	}
	c, other := open(), open()
	must(t, c.Do(ctx, c.B().Flushall().Build()).Error())
	var cmds rueidis.Commands
	for i := range 500 {
		cmds = append(cmds, c.B().Set().Key(fmt.Sprint("p:", i)).Value("x").Build())
	}
	for _, r := range c.DoMulti(ctx, cmds...) {
		must(t, r.Error())
	}
	seen := map[string]bool{}
	for cursor := uint64(0); ; {
		e, err := c.Do(ctx, c.B().Scan().Cursor(cursor).Match("p:*").Count(50).Build()).AsScanEntry()
		must(t, err)
		for _, k := range e.Elements {
			seen[k] = true
		}
		if cursor = e.Cursor; cursor == 0 {
			break
		}
	}
	if len(seen) != 500 {
		t.Errorf("SCAN found %d keys, want 500", len(seen))
	}

	err := c.Dedicated(func(d rueidis.DedicatedClient) error {
		must(t, d.Do(ctx, d.B().Watch().Key("n").Build()).Error())
		must(t, other.Do(ctx, c.B().Set().Key("n").Value("5").Build()).Error())
		r := d.DoMulti(ctx, d.B().Multi().Build(), d.B().Set().Key("n").Value("9").Build(), d.B().Exec().Build())
		return r[2].Error()
	})
	if !rueidis.IsRedisNil(err) {
		t.Errorf("a transaction with a changed watch: %v", err)
	}
	go func() {
		time.Sleep(100 * time.Millisecond)
		other.Do(ctx, other.B().Rpush().Key("q").Element("x").Build())
	}()
	if got, err := c.Do(ctx, c.B().Blpop().Key("q").Timeout(5).Build()).AsStrSlice(); err != nil || len(got) != 2 || got[1] != "x" {
		t.Errorf("BLPOP: %v, %v", got, err)
	}

	// Client-side caching: the second read comes from the cache until another client writes.
	read := func() (string, bool) {
		r := c.DoCache(ctx, c.B().Get().Key("cached").Cache(), time.Minute)
		v, err := r.ToString()
		must(t, err)
		return v, r.IsCacheHit()
	}
	must(t, other.Do(ctx, other.B().Set().Key("cached").Value("1").Build()).Error())
	read()
	if v, hit := read(); v != "1" || !hit {
		t.Errorf("second read: %q, from cache %v", v, hit)
	}
	must(t, other.Do(ctx, other.B().Set().Key("cached").Value("2").Build()).Error())
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if v, _ := read(); v == "2" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the cached value is never invalidated")
		}
	}

	go c.Receive(ctx, c.B().Subscribe().Channel("ch").Build(), func(rueidis.PubSubMessage) { messages.Add(1) })
	for end := time.Now().Add(5 * time.Second); messages.Load() == 0; time.Sleep(10 * time.Millisecond) {
		other.Do(ctx, other.B().Publish().Channel("ch").Message("one").Build())
		if time.Now().After(end) {
			t.Fatal("no message arrives")
		}
	}
}
