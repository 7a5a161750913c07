// Command profiled is the stock server that writes a CPU profile of its whole life to the file that REDUST_CPUPROFILE names. It is what
// `make pgo` drives; see the parent folder.
package main

import (
	"fmt"
	"os"
	"runtime/pprof"

	redustcmd "github.com/redust/redust/cmd"
	"github.com/redust/redust/families/standard"
)

func main() {
	path := os.Getenv("REDUST_CPUPROFILE")
	os.Unsetenv("REDUST_CPUPROFILE") // no option of the server
	f, err := os.Create(path)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "profiled:", err)
		os.Exit(1)
	}
	code := redustcmd.Main(standard.All()...)
	pprof.StopCPUProfile()
	f.Close()
	os.Exit(code)
}
