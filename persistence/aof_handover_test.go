package persistence

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/redust/redust/core/effects"
)

// What is executed after the instant of a rewrite is in the new incr file alone, even if the writer was just taking the log to the old one
// when that instant came: otherwise a start after the rewrite would execute it twice. If the new file is given up for a still newer one, it is
// in the old file.
func TestAOFHandoverWhileGathering(t *testing.T) {
	for _, givenUp := range []bool{false, true} {
		dir := t.TempDir()
		disk := newFaultFS(t, dir)
		create := func(name string) File {
			f, err := disk.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		log := effects.New()
		set := func(key string) {
			log.Append(false, []effects.Command{{Args: [][]byte{[]byte("SET"), []byte(key), []byte("v")}}})
		}
		following := func(name string) *handover {
			r := log.NewReader(true)
			return &handover{at: r.Offset(), reader: r, file: create(name), done: make(chan struct{})}
		}
		if givenUp {
			disk.set(-1, func(op, name string) error {
				if op == "sync" && name == "old" {
					return unix.EIO
				}
				return nil
			})
		}
		var w *aofWriter
		var once sync.Once
		made, handed := make(chan struct{}), make(chan *handover, 1)
		stamps := func() bool { // the writer calls it when it has taken "before", and is about to look for more
			<-made
			once.Do(func() {
				h := following("new")
				w.handOver(h)
				set("after")
				handed <- h
			})
			return false
		}
		w = newAOFWriter(log.NewReader(true), create("old"), 1, 0, writerPorts{
			log: hclog.NewNullLogger(), policy: func() syncPolicy { return syncEverySecond }, stamps: stamps,
			gates: func() {}, sleep: func() time.Duration { return 0 },
		})
		set("before")
		close(made)
		next := <-handed
		if givenUp {
			eventually(t, "the old file can't be ended", func() bool { return w.fault.Load() != nil })
			next = following("newer")
			w.handOver(next)
			set("last")
			disk.set(-1, nil)
		}
		<-next.done
		if err := w.barrier(log.Offset(), 10*time.Second); err != nil {
			t.Fatal(err)
		}
		w.close(false)
		keys := func(name string) string {
			b, _ := os.ReadFile(filepath.Join(dir, name))
			var found []string
			for _, k := range []string{"before", "after", "last"} {
				for range strings.Count(string(b), "\r\n"+k+"\r\n") {
					found = append(found, k)
				}
			}
			return strings.Join(found, " ")
		}
		want := map[string]string{"old": "before", "new": "after", "newer": ""}
		if givenUp {
			want = map[string]string{"old": "before after", "new": "", "newer": "last"}
		}
		for name, k := range want {
			if got := keys(name); got != k {
				t.Errorf("given up: %v: the %s file has %q, want %q", givenUp, name, got, k)
			}
		}
	}
}
