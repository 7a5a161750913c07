package server

import (
	"runtime"

	"github.com/redust/redust/core"
)

func infoMemory(f *family, e *core.Engine, s *fields) {
	m := readMemory(s.c)
	overhead := m.overhead()
	s.bytes("used_memory", m.used)
	s.bytes("used_memory_rss", m.rss)
	s.bytes("used_memory_peak", m.peak)
	s.percent("used_memory_peak_perc", m.used, m.peak)
	s.num("used_memory_overhead", overhead)
	s.num("used_memory_startup", m.base)
	s.num("used_memory_dataset", m.used-overhead)
	s.percent("used_memory_dataset_perc", m.used-overhead, m.used-m.base)
	s.num("allocator_allocated", m.allocated)
	s.num("allocator_active", m.active)
	s.num("allocator_resident", m.resident)
	s.bytes("total_system_memory", totalMemory())
	scriptMemory(s)
	s.bytes("maxmemory", f.opts.table.Int("maxmemory").Load())
	s.set("maxmemory_policy", f.opts.table.String("maxmemory-policy").Load())
	s.float("allocator_frag_ratio", ratio(m.active, m.allocated), 2)
	s.num("allocator_frag_bytes", m.active-m.allocated)
	s.float("allocator_rss_ratio", ratio(m.resident, m.active), 2)
	s.num("allocator_rss_bytes", m.resident-m.active)
	s.float("rss_overhead_ratio", ratio(m.rss, m.resident), 2)
	s.num("rss_overhead_bytes", m.rss-m.resident)
	s.float("mem_fragmentation_ratio", ratio(m.rss, m.used), 2)
	s.num("mem_fragmentation_bytes", m.rss-m.used)
	s.set("mem_not_counted_for_evict", "0")
	s.set("mem_replication_backlog", "0")
	s.set("mem_total_replication_buffers", "0")
	s.set("mem_clients_slaves", "0")
	s.num("mem_clients_normal", m.clients)
	s.set("mem_cluster_links", "0")
	s.num("mem_aof_buffer", m.logBuffer)
	s.set("mem_allocator", "redust-pages-"+runtime.Version())
	s.set("active_defrag_running", "0")
	pending, freed := e.LazyFree()
	s.num("lazyfree_pending_objects", pending)
	s.num("lazyfreed_objects", freed)
}

// scriptMemory prints the fields of scripting as they are without a family for it.
func scriptMemory(s *fields) {
	s.set("used_memory_lua", "0")
	s.set("used_memory_vm_eval", "0")
	s.set("used_memory_lua_human", "0B")
	s.set("used_memory_scripts_eval", "0")
	s.set("number_of_cached_scripts", "0")
	s.set("number_of_functions", "0")
	s.set("number_of_libraries", "0")
	s.set("used_memory_vm_functions", "0")
	s.bytes("used_memory_vm_total", 0)
	s.set("used_memory_functions", "0")
	s.bytes("used_memory_scripts", 0)
}

// percent is part of whole in percent, 0 for nothing.
func percent(part, whole int64) float64 { return 100 * ratio(part, whole) }

// ratio is a/b, 0 for an empty b.
func ratio(a, b int64) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}
