package core_test

import (
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/coretest"
	"github.com/redust/redust/families/standard"
)

// After a change of policy the seconds that LRU kept are read as minute and counter: what comes of that was asked of Redis.
func TestLFUFrequencyOfOldAccess(t *testing.T) {
	h := coretest.New(t, standard.All()...)
	const nowMs = 1795680644 * 1000
	nowMinute := uint32(nowMs/60000) & 0xffff
	for _, c := range []struct {
		ahead uint32 // minutes, of the entry's clock
		decay string
		want  uint8
	}{
		{0, "1", 200},
		{0xffff, "1", 199},
		{0xfffd, "2", 199}, // a minute, and three, ago
		{1, "0", 200},
		{1, "1", 0},
		{1, "65535", 200},
		{1, "65534", 199},
		{2, "65534", 200},
		{2, "65533", 199},
		{1, "1000", 135},
	} {
		h.Set("lfu-decay-time", c.decay)
		access := (nowMinute+c.ahead)&0xffff<<8 | 200
		if got := h.Engine.LFUFrequency(access, nowMs); got != c.want {
			t.Errorf("%d minutes ahead, decay %s: %d, want %d", c.ahead, c.decay, got, c.want)
		}
	}
	h.Set("lfu-decay-time", "1")
	if got := h.Engine.LFUFrequency(core.LFUAccess(7, nowMs), nowMs+3*60000); got != 4 {
		t.Errorf("after three minutes: %d", got)
	}
}
