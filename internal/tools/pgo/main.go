// Command pgo renews cmd/redust/default.pgo, the profile by which the compiler optimises the stock server. `make pgo` runs it.
//
// It builds the server with profiling (folder profiled), drives it with every group of redust-bench at several pipeline depths, and keeps the
// profile if it is a good one. The profile need not be new after every change: what it names by function goes on being used.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/redust/redust/cmd/redust-bench/load"
)

func main() {
	out := flag.String("o", "cmd/redust/default.pgo", "`file` to write")
	seconds := flag.Float64("seconds", 1, "duration of each group at each depth")
	flag.Parse()
	if err := run(*out, time.Duration(*seconds*float64(time.Second))); err != nil {
		fmt.Fprintln(os.Stderr, "pgo:", err)
		os.Exit(1)
	}
}

// depths are the pipelines of the load: what a request costs alone, and what remains when the network's share is small.
var depths = []int{1, 16, 100}

func run(out string, each time.Duration) error {
	dir, err := os.MkdirTemp("", "redust-pgo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, profile := filepath.Join(dir, "profiled"), filepath.Join(dir, "cpu.pgo")
	if b, err := exec.Command("go", "build", "-pgo=off", "-o", program, "./internal/tools/pgo/profiled").CombinedOutput(); err != nil {
		return fmt.Errorf("building the server: %w: %s", err, b)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	l.Close()
	server := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", dir, "--logfile", filepath.Join(dir, "log"))
	server.Env = append(os.Environ(), "REDUST_CPUPROFILE="+profile)
	if err := server.Start(); err != nil {
		return err
	}
	defer server.Process.Kill()
	if err := drive(load.Target{Addr: addr}, each); err != nil {
		return err
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := server.Wait(); err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	b, err := os.ReadFile(profile)
	if err == nil && len(b) == 0 {
		err = fmt.Errorf("%s is empty", profile)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(out, b, 0o644)
}

// drive puts every group's load on the server.
func drive(t load.Target, each time.Duration) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ctl, err := t.Dial()
		if err == nil {
			ctl.Close()
			break
		}
		if time.Now().After(deadline) {
			return err
		}
	}
	for _, depth := range depths {
		for _, g := range load.Groups() {
			fmt.Fprintf(os.Stderr, "%s, %d requests a pipeline\n", g.Name, depth)
			o := load.Options{Clients: 50, Pipeline: depth, Keyspace: 100_000, ValueSize: 64, Duration: each}
			if _, err := load.Run(context.Background(), t, g, o); err != nil {
				return fmt.Errorf("%s: %w", g.Name, err)
			}
		}
	}
	return nil
}
