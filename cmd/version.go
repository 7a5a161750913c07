package redustcmd

import (
	"fmt"
	"hash/fnv"
	"runtime/debug"
	"strconv"
)

// Version is Redust's own version; RedisVersion is that of the Redis it is compatible with.
const (
	Version      = "0.1.0"
	RedisVersion = "7.0.15"
)

// Build is what is known of the program's making.
type Build struct {
	SHA   string // the first eight digits of the commit; zeros if the build doesn't know it
	Dirty int    // 1 if files differed from the commit
	ID    string // differs between builds of different sources
}

// ThisBuild reads what the Go toolchain left in the binary.
func ThisBuild() Build {
	b := Build{SHA: "00000000"}
	id := fnv.New64a()
	if info, ok := debug.ReadBuildInfo(); ok {
		_, _ = id.Write([]byte(info.String()))
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 8:
				b.SHA = s.Value[:8]
			case s.Key == "vcs.modified" && s.Value == "true":
				b.Dirty = 1
			}
		}
	}
	b.ID = strconv.FormatUint(id.Sum64(), 16)
	return b
}

// String is the line of --version. Programs that look for redis-server's v= find the version of Redis that they can expect.
func (b Build) String() string {
	return fmt.Sprintf("Redust server v=%s redust=%s sha=%s:%d malloc=go bits=%d build=%s", RedisVersion, Version, b.SHA, b.Dirty, strconv.IntSize, b.ID)
}
