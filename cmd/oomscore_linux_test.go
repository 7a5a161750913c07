package redustcmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/redust/redust/core/options"
)

func TestOOMScore(t *testing.T) {
	table, err := options.Standard()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "oom_score_adj")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("22\n")
	o := &oomScore{table: table, log: hclog.NewNullLogger(), file: file}
	table.OnApply(o.apply, "oom-score-adj", "oom-score-adj-values")
	set := func(pairs ...string) error {
		var list []options.Pair
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, options.Pair{Name: pairs[i], Value: pairs[i+1]})
		}
		return table.Set(list, options.Permit{})
	}
	for _, step := range []struct {
		set  []string
		want string
	}{
		{[]string{"oom-score-adj-values", "9 10 11"}, "22"}, // not switched on: hands off
		{[]string{"oom-score-adj", "yes"}, "31"},
		{[]string{"oom-score-adj-values", "-5 10 11"}, "17"},
		{[]string{"oom-score-adj", "absolute"}, "-5"},
		{[]string{"oom-score-adj-values", "2000 2000 2000"}, "1000"},
		{[]string{"oom-score-adj", "no"}, "22"},
		{[]string{"oom-score-adj", "relative", "oom-score-adj-values", "1 2 3"}, "23"},
	} {
		if err := set(step.set...); err != nil {
			t.Fatalf("CONFIG SET %v: %v", step.set, err)
		}
		if got, _ := os.ReadFile(file); strings.TrimSpace(string(got)) != step.want {
			t.Errorf("after CONFIG SET %v: %s, want %s", step.set, got, step.want)
		}
	}
	if err := set("oom-score-adj", "no"); err != nil {
		t.Fatal(err)
	}
	write("no number")
	err = set("oom-score-adj", "yes")
	if err == nil || !strings.Contains(err.Error(), "Failed to apply new oom_score_adj configuration, check server logs.") {
		t.Errorf("where it can't be: %v", err)
	}
	if got := table.String("oom-score-adj").Load(); got != "no" {
		t.Errorf("after a failure oom-score-adj is %s", got)
	}
}
