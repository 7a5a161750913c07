package server

import (
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/redust/redust/core"
)

func infoServer(f *family, e *core.Engine, s *fields) {
	redust, sha, build := "unknown", "00000000", "0"
	executable, configFile := "", ""
	if p := e.Process(); p != nil {
		redust, sha, build = p.Version()
		executable, configFile = p.Executable(), p.ConfigFile()
	}
	hz := f.opts.table.String("hz").Load()
	now := e.Now()
	up := int64(now.Sub(e.Started()).Seconds())
	s.set("redis_version", RedisVersion)
	s.set("redis_git_sha1", "00000000")
	s.set("redis_git_dirty", "0")
	s.set("redis_build_id", build)
	s.set("redis_mode", "standalone")
	s.set("os", osName())
	s.num("arch_bits", int64(32<<(^uint(0)>>63)))
	s.set("monotonic_clock", "Go runtime")
	s.set("multiplexing_api", poller())
	s.set("atomicvar_api", "sync/atomic")
	s.set("gcc_version", "0.0.0") // as a Redis that no GCC built
	s.num("process_id", int64(f.pid))
	s.set("process_supervised", supervisor(f.opts.table.String("supervised").Load()))
	s.set("run_id", e.RunID())
	s.set("tcp_port", f.opts.table.String("port").Load())
	s.num("server_time_usec", now.UnixMicro())
	s.num("uptime_in_seconds", up)
	s.num("uptime_in_days", up/86400)
	s.set("hz", hz)
	s.set("configured_hz", hz)
	s.num("lru_clock", now.Unix()&(1<<24-1))
	s.set("executable", executable)
	s.set("config_file", configFile)
	s.set("io_threads_active", "0")
	s.set("redust_version", redust)
	s.set("redust_git_sha1", sha)
	s.set("redust_go_version", runtime.Version())
	s.num("redust_cores", int64(runtime.NumCPU()))
	s.num("redust_processors", int64(runtime.GOMAXPROCS(0)))
}

// supervisor is who watches this process, by the option supervised.
func supervisor(option string) string {
	if option != "auto" {
		return option
	}
	switch {
	case os.Getenv("UPSTART_JOB") != "":
		return "upstart"
	case os.Getenv("NOTIFY_SOCKET") != "":
		return "systemd"
	}
	return "no"
}

func infoClients(f *family, e *core.Engine, s *fields) {
	var tracking, waitUntil int64
	e.Clients().Each(func(cl *core.Client) {
		if cl.Has(core.FlagTracking) {
			tracking++
		}
		if waiting, until, _ := cl.WaitState(); waiting && !until.IsZero() {
			waitUntil++
		}
	})
	maxIn, maxOut := f.buffers.read(e.Clients())
	s.num("connected_clients", int64(e.Clients().Len()-e.Clients().Doomed()))
	s.set("cluster_connections", "0")
	s.set("maxclients", f.opts.table.String("maxclients").Load())
	s.num("client_recent_max_input_buffer", maxIn)
	s.num("client_recent_max_output_buffer", maxOut)
	s.num("blocked_clients", int64(e.Clients().Blocked()))
	s.num("tracking_clients", tracking)
	s.num("clients_in_timeout_table", waitUntil)
}

// largestBuffers has the largest buffers of any client, as they were a short time ago: each has a lock. Redis tells those of the last
// eight seconds.
type largestBuffers struct {
	sync.Mutex
	at      time.Time
	in, out int64
}

func (b *largestBuffers) read(clients *core.Clients) (in, out int64) {
	b.Lock()
	defer b.Unlock()
	now := time.Now()
	if now.Sub(b.at) <= believedFor {
		return b.in, b.out
	}
	b.at, b.in, b.out = now, 0, 0
	clients.Each(func(cl *core.Client) {
		if conn := cl.Conn(); conn != nil {
			use := conn.Buffers()
			b.in, b.out = max(b.in, int64(use.Query+use.QueryFree)), max(b.out, int64(use.Output))
		}
	})
	return b.in, b.out
}

func infoReplication(f *family, e *core.Engine, s *fields) {
	s.set("role", "master")
	s.set("connected_slaves", "0")
	s.set("master_failover_state", "no-failover")
	s.set("master_replid", *f.replID.Load())
	s.set("master_replid2", "0000000000000000000000000000000000000000")
	s.num("master_repl_offset", e.Log().Offset())
	s.set("second_repl_offset", "-1")
	s.set("repl_backlog_active", "0")
	s.set("repl_backlog_size", f.opts.table.String("repl-backlog-size").Load())
	s.set("repl_backlog_first_byte_offset", "0")
	s.set("repl_backlog_histlen", "0")
}

// infoCPU prints what the whole process used for its "main thread" too: there is no
// thread that runs all commands.
func infoCPU(_ *family, _ *core.Engine, s *fields) {
	sys, user, childSys, childUser := cpuSeconds()
	s.float("used_cpu_sys", sys, 6)
	s.float("used_cpu_user", user, 6)
	s.float("used_cpu_sys_children", childSys, 6)
	s.float("used_cpu_user_children", childUser, 6)
	s.float("used_cpu_sys_main_thread", sys, 6)
	s.float("used_cpu_user_main_thread", user, 6)
}

func infoCluster(_ *family, _ *core.Engine, s *fields) { s.set("cluster_enabled", "0") }

func infoKeyspace(_ *family, e *core.Engine, s *fields) {
	ks := e.Keyspace()
	now := e.NowMs()
	for db := range ks.Databases() {
		if keys, expires, avgTTL := ks.Counts(db, now); keys > 0 {
			s.part("db", int64(db))
			s.part(":keys=", int64(keys))
			s.part(",expires=", int64(expires))
			s.part(",avg_ttl=", avgTTL)
			s.endLine()
		}
	}
}
