package main

import (
	"os"
	"strconv"
	"strings"
)

// hostMeter tells which share of a virtual machine's processor time the host gives to others: what Linux calls steal time.
type hostMeter struct{ total, stolen float64 }

// startHostMeter begins.
func startHostMeter() *hostMeter {
	m := new(hostMeter)
	m.total, m.stolen = processorTimes()
	return m
}

// taken is the share since the start or the last call; 0 where it isn't known.
func (m *hostMeter) taken() float64 {
	total, stolen := processorTimes()
	share := 0.0
	if total > m.total {
		share = (stolen - m.stolen) / (total - m.total)
	}
	m.total, m.stolen = total, stolen
	return share
}

// processorTimes are the ticks of all processors and those stolen, from the first line of /proc/stat: cpu user nice system idle iowait irq softirq steal.
func processorTimes() (total, stolen float64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	const steal = 8
	if len(fields) <= steal {
		return 0, 0
	}
	for _, f := range fields[1 : steal+1] {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return 0, 0
		}
		total += n
	}
	stolen, _ = strconv.ParseFloat(fields[steal], 64)
	return total, stolen
}
