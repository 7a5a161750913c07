package core_test

import (
	"strings"
	"testing"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/options"
	"github.com/redust/redust/families/standard"
)

// renaming is an engine with lines of rename-command.
func renaming(t *testing.T, lines ...string) (*core.Engine, error) {
	t.Helper()
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		from, to, _ := strings.Cut(l, " ")
		if err := table.Load("rename-command", []string{from, to}, options.Source{Kind: options.FromFlag, Name: "--rename-command"}); err != nil {
			t.Fatal(err)
		}
	}
	e, err := core.New(core.Config{Families: standard.All(), Options: table})
	if err == nil {
		t.Cleanup(func() { e.Close() })
	}
	return e, err
}

// rename-command was accepted and did nothing: CONFIG stayed open to everybody (issue 2).
func TestRenameCommand(t *testing.T) {
	e, err := renaming(t, "GET fetch", "config ", "set STORE", "Append set")
	if err != nil {
		t.Fatal(err)
	}
	reader := e.Log().NewReader(true)
	defer reader.Close()
	c := e.NewClient(nil)
	c.Clear(core.FlagFake) // a log's client would find the own names, too
	for _, step := range [][2]string{
		{"store k v", "+OK"},
		{"fetch k", "$1\r\nv"},
		{"set k w", ":2"},
		{"FETCH k", "$2\r\nvw"},
		{"get k", "-ERR unknown command 'get'"},
		{"CONFIG GET port", "-ERR unknown command 'CONFIG'"},
		{"append k x", "-ERR unknown command"},
		{"fetch", "-ERR wrong number of arguments for 'get' command"},
	} {
		c.W.Reset()
		args := [][]byte{}
		for _, a := range strings.Fields(step[0]) {
			args = append(args, []byte(a))
		}
		e.Handle(c, args)
		if got := string(c.W.Buf); !strings.HasPrefix(got, step[1]) {
			t.Errorf("%s: %q", step[0], got)
		}
	}
	b, _, err := reader.TryNext()
	if log := string(b); err != nil || !strings.Contains(log, "SET\r\n$1\r\nk\r\n$1\r\nv") || !strings.Contains(log, "APPEND\r\n$1\r\nk") || strings.Contains(strings.ToLower(log), "store") {
		t.Errorf("logged under other names than their own: %q, %v", b, err)
	}
	if e.Registry().Lookup("config|get") != nil || e.Registry().Lookup("fetch") == nil {
		t.Error("COMMAND INFO finds other names than clients do")
	}
}

func TestRenameCommandFaults(t *testing.T) {
	for line, fault := range map[string]string{
		"nosuch x":     "option 'rename-command' (flag --rename-command): 'nosuch x': No such command in rename-command",
		"GET set":      "option 'rename-command' (flag --rename-command): 'GET set': Target command name already exists",
		"config|get x": "option 'rename-command' (flag --rename-command): 'config|get x': No such command in rename-command",
	} {
		if _, err := renaming(t, line); err == nil || err.Error() != fault {
			t.Errorf("%s: %v", line, err)
		}
	}
}
