package redustcmd

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"unsafe"
)

// processTitle is the memory in which the kernel finds the command line, which it shows to ps.
type processTitle struct {
	name string // the program as it was called
	area []byte
}

// claimTitle takes the memory of the arguments and the environment, which lie behind each other, and gives the process copies of both. It
// must come before anything keeps an argument or a variable: their text will change. Nil means that the title can't be changed.
func claimTitle() *processTitle {
	start, end, ok := argumentArea()
	if !ok || len(os.Args) == 0 || os.Args[0] == "" {
		return nil
	}
	first := unsafe.StringData(os.Args[0])
	if uintptr(unsafe.Pointer(first)) != start { // somebody has exchanged the arguments
		return nil
	}
	for i, a := range os.Args {
		os.Args[i] = strings.Clone(a)
	}
	environ := os.Environ()
	for i, v := range environ {
		environ[i] = strings.Clone(v)
	}
	os.Clearenv()
	for _, v := range environ {
		if name, value, ok := strings.Cut(v, "="); ok && name != "" {
			_ = os.Setenv(name, value) // it was there before
		}
	}
	return &processTitle{name: os.Args[0], area: unsafe.Slice(first, end-start)}
}

// argumentArea is where arguments and environment begin and end; see proc(5).
func argumentArea() (start, end uintptr, ok bool) {
	const argStart, argEnd, envStart, envEnd = 48, 49, 50, 51
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0, false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	at := func(n int) uintptr {
		if n-3 >= len(fields) { // the first two stand before the bracket
			return 0
		}
		v, _ := strconv.ParseUint(string(fields[n-3]), 10, 64)
		return uintptr(v)
	}
	start, end = at(argStart), at(envEnd)
	return start, end, start != 0 && at(argEnd) == at(envStart) && at(argEnd) > start && end >= at(envStart)
}

// set shows the text as the command line, cut off where the memory ends.
func (p *processTitle) set(text string) {
	n := copy(p.area[:len(p.area)-1], text)
	clear(p.area[n:])
}
