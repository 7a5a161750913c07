package persistence

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckRDB(t *testing.T) {
	disk := newFaultFS(t, t.TempDir())
	r := start(t, disk, "rdbcompression", "no")
	r.fill(30)
	r.save()
	path := filepath.Join(disk.root, "dump.rdb")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, b []byte, wantCode int, want ...string) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if code := CheckRDB([]string{path}, &out, &out); code != wantCode {
			t.Errorf("%s: exit code %d", name, code)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: no %q in\n%s", name, w, out.String())
			}
		}
	}
	check("good", whole, 0, " keys, 4 with a TTL", "database 5 ", `400005  string  "huge"`, "the file is good")
	check("cut", whole[:len(whole)-20], 1, "DAMAGED: at offset", "the last key that was begun is")
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	check("flipped", flipped, 1, "DAMAGED: at offset")
	check("longer", append(bytes.Clone(whole), "more"...), 1, "4 bytes follow the end")
	check("something else", []byte("hello, world"), 1, "not an RDB file")
	check("empty", nil, 1, "DAMAGED")
	check("an empty set", rdbFile("\xfe\x00\x02"+rdbText("set")+"\x00"), 1, "DAMAGED: at offset", "empty collection", `begun is "set"; 0 keys`)
	var out bytes.Buffer
	if CheckRDB(nil, &out, &out) != 1 || CheckRDB([]string{filepath.Join(disk.root, "none")}, &out, &out) != 1 {
		t.Error("no file, and no complaint")
	}
}
