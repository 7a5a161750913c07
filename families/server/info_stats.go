package server

import (
	"strconv"
	"strings"

	"github.com/redust/redust/core"
)

// infoPersistence prints what holds without a persistence service.
func infoPersistence(_ *family, e *core.Engine, s *fields) {
	s.flag("loading", e.Loading())
	for _, l := range [][2]string{
		{"async_loading", "0"},
		{"current_cow_peak", "0"},
		{"current_cow_size", "0"},
		{"current_cow_size_age", "0"},
		{"current_fork_perc", "0.00"},
		{"current_save_keys_processed", "0"},
		{"current_save_keys_total", "0"},
	} {
		s.set(l[0], l[1])
	}
	s.num("rdb_changes_since_last_save", e.Stats().Dirty())
	s.set("rdb_bgsave_in_progress", "0")
	s.num("rdb_last_save_time", e.Started().Unix())
	for _, l := range [][2]string{
		{"rdb_last_bgsave_status", "ok"},
		{"rdb_last_bgsave_time_sec", "-1"},
		{"rdb_current_bgsave_time_sec", "-1"},
		{"rdb_saves", "0"},
		{"rdb_last_cow_size", "0"},
		{"rdb_last_load_keys_expired", "0"},
		{"rdb_last_load_keys_loaded", "0"},
		{"aof_enabled", "0"},
		{"aof_rewrite_in_progress", "0"},
		{"aof_rewrite_scheduled", "0"},
		{"aof_last_rewrite_time_sec", "-1"},
		{"aof_current_rewrite_time_sec", "-1"},
		{"aof_last_bgrewrite_status", "ok"},
		{"aof_rewrites", "0"},
		{"aof_rewrites_consecutive_failures", "0"},
		{"aof_last_write_status", "ok"},
		{"aof_last_cow_size", "0"},
		{"module_fork_in_progress", "0"},
		{"module_fork_last_cow_size", "0"},
	} {
		s.set(l[0], l[1])
	}
}

func infoStats(_ *family, e *core.Engine, s *fields) {
	st := e.Stats()
	n := st.Load()
	ops, in, out := st.Instantaneous()
	s.num("total_connections_received", st.Connections.Load())
	s.num("total_commands_processed", n.Commands)
	s.num("instantaneous_ops_per_sec", ops)
	s.num("total_net_input_bytes", st.NetIn.Load())
	s.num("total_net_output_bytes", st.NetOut.Load())
	zeros(s, "total_net_repl_input_bytes", "total_net_repl_output_bytes")
	s.float("instantaneous_input_kbps", float64(in)/1024, 2)
	s.float("instantaneous_output_kbps", float64(out)/1024, 2)
	s.set("instantaneous_input_repl_kbps", "0.00")
	s.set("instantaneous_output_repl_kbps", "0.00")
	s.num("rejected_connections", st.Rejected.Load())
	zeros(s, "sync_full", "sync_partial_ok", "sync_partial_err")
	s.num("expired_keys", n.Expired)
	s.set("expired_stale_perc", "0.00")
	s.set("expired_time_cap_reached_count", "0")
	s.num("expire_cycle_cpu_milliseconds", n.ActiveExpireNs/1e6)
	s.num("evicted_keys", n.Evicted)
	s.num("evicted_clients", n.EvictedClients)
	zeros(s, "total_eviction_exceeded_time", "current_eviction_exceeded_time")
	s.num("keyspace_hits", n.Hits)
	s.num("keyspace_misses", n.Misses)
	s.num("pubsub_channels", int64(e.Broker().Count(core.Channel)))
	s.num("pubsub_patterns", int64(e.Broker().Count(core.Pattern)))
	s.num("pubsubshard_channels", int64(e.Broker().Count(core.ShardChannel)))
	s.num("latest_fork_usec", n.SnapshotPauseNs/1e3)
	s.num("total_forks", n.Snapshots)
	zeros(s, "migrate_cached_sockets", "slave_expires_tracked_keys", "active_defrag_hits", "active_defrag_misses",
		"active_defrag_key_hits", "active_defrag_key_misses", "total_active_defrag_time", "current_active_defrag_time",
		"tracking_total_keys", "tracking_total_items", "tracking_total_prefixes", "unexpected_error_replies")
	s.num("total_error_replies", n.ErrorReplies)
	s.set("dump_payload_sanitizations", "0")
	s.num("total_reads_processed", st.Reads.Load())
	s.num("total_writes_processed", st.Writes.Load())
	zeros(s, "io_threaded_reads_processed", "io_threaded_writes_processed", "reply_buffer_shrinks", "reply_buffer_expands")
	s.num("redust_expire_lag_ms", n.ExpireLagMs)
	s.num("redust_output_limit_disconnections", st.OutputLimitDrops.Load())
	s.num("redust_query_limit_disconnections", st.QueryLimitDrops.Load())
}

// zeros prints fields of what this server hasn't got, or has from another source.
func zeros(s *fields, names ...string) {
	for _, n := range names {
		s.set(n, "0")
	}
}

func infoCommandstats(_ *family, e *core.Engine, s *fields) {
	for _, cmd := range e.Registry().AllCommands() {
		st := cmd.Stats().Load()
		if st.Calls == 0 && st.Rejected == 0 && st.Failed == 0 {
			continue
		}
		s.out = append(append(s.out, "cmdstat_"...), cmd.FullName()...)
		s.part(":calls=", st.Calls)
		s.part(",usec=", st.Microseconds)
		s.out = strconv.AppendFloat(append(s.out, ",usec_per_call="...), ratio(st.Microseconds, st.Calls), 'f', 2, 64)
		s.part(",rejected_calls=", st.Rejected)
		s.part(",failed_calls=", st.Failed)
		s.endLine()
	}
}

func infoErrorstats(_ *family, e *core.Engine, s *fields) {
	for _, ec := range e.Stats().Errors() {
		s.out = append(append(s.out, "errorstat_"...), safeName.Replace(ec.Code)...)
		s.part(":count=", ec.Count)
		s.endLine()
	}
}

// safeName keeps an error code from breaking the line, as Redis does.
var safeName = strings.NewReplacer("#", "_", ":", "_", "\n", "_", "\r", "_")

// infoLatencystats prints, in microseconds, the percentiles that the option
// latency-tracking-info-percentiles names.
func infoLatencystats(f *family, e *core.Engine, s *fields) {
	wanted := strings.Fields(f.opts.percentiles.Load())
	for _, cmd := range e.Registry().AllCommands() {
		if cmd.Stats().LatencyBuckets(nil) == 0 {
			continue
		}
		var parts []string
		for _, p := range wanted {
			if v, err := strconv.ParseFloat(p, 64); err == nil {
				usec := float64(cmd.Stats().LatencyPercentile(v)) / 1000
				parts = append(parts, "p"+p+"="+strconv.FormatFloat(usec, 'f', 3, 64))
			}
		}
		s.set("latency_percentiles_usec_"+cmd.FullName(), strings.Join(parts, ","))
	}
}
