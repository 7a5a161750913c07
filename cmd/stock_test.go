package redustcmd

import (
	"os"
	"testing"

	"github.com/redust/redust/core/options"
)

// TestStockConfigurationStarts reads the directives of Debian's redis.conf and, where the package is installed, the file itself.
func TestStockConfigurationStarts(t *testing.T) {
	for _, path := range []string{"testdata/debian.conf", "/etc/redis/redis.conf"} {
		t.Run(path, func(t *testing.T) {
			if _, err := os.ReadFile(path); err != nil {
				t.Skip("there is no such file to read here: ", err)
			}
			c := configure(t, Inputs{Args: []string{path}})
			for _, w := range c.Warnings {
				if !w.Quiet {
					t.Errorf("a warning: %s", w)
				}
			}
			wantOptions(t, c.Table, map[string]string{
				"bind": "127.0.0.1 -::1", "port": "6379", "daemonize": "yes", "pidfile": "/run/redis/redis-server.pid",
				"logfile": "/var/log/redis/redis-server.log", "dir": "/var/lib/redis", "save": "3600 1 300 100 60 10000",
				"client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
				"auto-aof-rewrite-min-size":  "67108864", "notify-keyspace-events": "", "appenddirname": "appendonlydir",
			})
			if got := c.Table.Source("jemalloc-bg-thread"); got.Kind != options.FromFile || got.Line == 0 {
				t.Errorf("source %v", got)
			}
		})
	}
}
