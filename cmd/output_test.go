package redustcmd

import (
	"bytes"
	"os"
	"sync"
)

// lockedBuffer gathers a child's output while a test looks at it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fileText is a file that is read anew each time it is asked for.
type fileText string

func (f fileText) String() string {
	text, _ := os.ReadFile(string(f))
	return string(text)
}
