package core_test

import (
	"testing"

	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/standard"
)

// What a command with many keys needed serves the next batch of requests, too, and refers to nothing of the last one.
func TestRoomForKeysIsKept(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	c := h.Client()
	c.Do("MSET", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5").OK()
	room := c.C.RoomForKeys()
	if len(room) != 5 {
		t.Fatalf("%d keys are kept during a batch, want 5", len(room))
	}
	c.Do("GET", "a").Bulk("1")
	c.Do("EXISTS", "a", "b", "nosuch").Int(2)
	if now := c.C.RoomForKeys(); len(now) != 5 || &now[0] != &room[0] {
		t.Errorf("the next command has got other room, for %d keys", len(now))
	}
	c.C.Idle()
	for i, k := range room {
		if k.Name != nil {
			t.Errorf("key %d is still %q when the client is idle", i, k.Name)
		}
	}
}
