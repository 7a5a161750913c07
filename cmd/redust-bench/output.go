package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

// write prints the comparisons in the chosen format.
func (s *settings) write(w io.Writer, list []load.Comparison) error {
	switch s.format {
	case formatJSON:
		return s.writeJSON(w, list)
	case formatCSV:
		return s.writeCSV(w, list)
	}
	return s.writeTable(w, list)
}

func (s *settings) writeTable(w io.Writer, list []load.Comparison) error {
	o := &s.options
	if _, err := fmt.Fprintf(w, "%d clients, pipeline %d, %s keys, values of %s bytes, %d round(s)\n\n",
		o.Clients, o.Pipeline, load.Count(o.Keyspace), load.Count(int64(o.ValueSize)), s.rounds); err != nil {
		return err
	}
	names := make([]string, len(s.targets))
	for i, t := range s.targets {
		names[i] = t.Addr
	}
	if err := load.ComparisonTable(list, names).WriteText(w); err != nil {
		return err
	}
	return notes(w, list)
}

// notes says where the CPU time was read and shows the first error reply of each group.
func notes(w io.Writer, list []load.Comparison) error {
	source := make(map[string]bool)
	for i := range list {
		for _, v := range list[i].Servers {
			if v.Errors > 0 {
				if _, err := fmt.Fprintf(w, "\n%s: %s answered %s error(s), the first: %s", list[i].Group.Name, v.Addr, load.Count(int64(v.Errors)), v.ErrorText); err != nil {
					return err
				}
			}
			text := "server CPU of " + v.Addr + " read by " + v.CPUSource
			if v.CPUSource == "" {
				text = "server CPU of " + v.Addr + " can't be read"
			}
			if v.Rounds > 0 && !source[text] {
				source[text] = true
				if _, err := fmt.Fprintf(w, "\n%s", text); err != nil {
					return err
				}
			}
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}

type jsonServer struct {
	Addr       string  `json:"addr"`
	Rounds     int     `json:"rounds"`
	Requests   int64   `json:"requests"`
	Rate       float64 `json:"requests_per_second"`
	P50        float64 `json:"p50_us"`
	P99        float64 `json:"p99_us"`
	P999       float64 `json:"p99_9_us"`
	Max        float64 `json:"max_us"`
	CPU        float64 `json:"server_cpu_us_per_request,omitempty"`
	CPUSource  string  `json:"server_cpu_source,omitempty"`
	Errors     uint64  `json:"errors"`
	FirstError string  `json:"first_error,omitempty"`
}

type jsonGroup struct {
	Group       string       `json:"group"`
	Skipped     string       `json:"skipped,omitempty"`
	Interrupted bool         `json:"interrupted,omitempty"`
	Servers     []jsonServer `json:"servers,omitempty"`
	Ratio       float64      `json:"rate_ratio,omitempty"`
	CPURatio    float64      `json:"server_cpu_ratio,omitempty"`
}

type jsonReport struct {
	Clients   int         `json:"clients"`
	Pipeline  int         `json:"pipeline"`
	Keyspace  int64       `json:"keyspace"`
	ValueSize int         `json:"value_size"`
	Groups    []jsonGroup `json:"groups"`
}

func (s *settings) writeJSON(w io.Writer, list []load.Comparison) error {
	o := &s.options
	report := jsonReport{Clients: o.Clients, Pipeline: o.Pipeline, Keyspace: o.Keyspace, ValueSize: o.ValueSize, Groups: []jsonGroup{}}
	for i := range list {
		c := &list[i]
		g := jsonGroup{Group: c.Group.Name, Skipped: c.Skipped, Interrupted: c.Interrupted}
		g.Ratio = c.Ratio(func(v *load.Summary) float64 { return v.Rate })
		g.CPURatio = c.Ratio(func(v *load.Summary) float64 { return float64(v.CPU) })
		for _, v := range c.Servers {
			g.Servers = append(g.Servers, jsonServer{
				Addr: v.Addr, Rounds: v.Rounds, Requests: v.Requests, Rate: v.Rate,
				P50: micros(v.P50), P99: micros(v.P99), P999: micros(v.P999), Max: micros(v.Max),
				CPU: micros(v.CPU), CPUSource: v.CPUSource, Errors: v.Errors, FirstError: v.ErrorText,
			})
		}
		report.Groups = append(report.Groups, g)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(report)
}

func (s *settings) writeCSV(w io.Writer, list []load.Comparison) error {
	out := csv.NewWriter(w)
	rows := [][]string{{
		"group", "addr", "clients", "pipeline", "rounds", "requests", "requests_per_second",
		"p50_us", "p99_us", "p99_9_us", "max_us", "server_cpu_us_per_request", "errors", "skipped",
	}}
	o := &s.options
	for i := range list {
		c := &list[i]
		shape := []string{strconv.Itoa(o.Clients), strconv.Itoa(o.Pipeline)}
		if c.Skipped != "" {
			rows = append(rows, []string{c.Group.Name, "", shape[0], shape[1], "0", "0", "", "", "", "", "", "", "0", c.Skipped})
		}
		for _, v := range c.Servers {
			cpu := ""
			if v.CPUSource != "" {
				cpu = number(micros(v.CPU))
			}
			rows = append(rows, []string{
				c.Group.Name, v.Addr, shape[0], shape[1], strconv.Itoa(v.Rounds), strconv.FormatInt(v.Requests, 10), number(v.Rate),
				number(micros(v.P50)), number(micros(v.P99)), number(micros(v.P999)), number(micros(v.Max)), cpu, strconv.FormatUint(v.Errors, 10), "",
			})
		}
	}
	return out.WriteAll(rows)
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

func number(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }
