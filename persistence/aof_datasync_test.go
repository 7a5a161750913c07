package persistence

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFlusher(t *testing.T) {
	f := newFlusher()
	defer f.close()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		file.WriteString("some bytes")
		if err := f.datasync(file); err != nil {
			t.Fatal(err)
		}
	}
	file.Close()
	if err := f.datasync(file); err == nil {
		t.Error("a closed file is flushed")
	}
	r, w, err := os.Pipe() // can't be flushed, and the kernel says so
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	var path *os.PathError
	if err := f.datasync(w); !errors.As(err, &path) {
		t.Errorf("flushing a pipe: %v", err)
	}
}

// Without the kernel's help the call is made.
func TestFlusherCloses(t *testing.T) {
	f := newFlusher()
	f.close()
	f.close()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := f.datasync(file); err != nil {
		t.Fatal(err)
	}
}
