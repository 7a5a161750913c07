package conformance_test

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	skipFile       = "known_differences.yaml"
	differencesDoc = "../docs/differences.md"
	tableBegin     = "<!-- known differences: begin -->"
	tableEnd       = "<!-- known differences: end -->"
)

// knownDifference is one entry of the skip file: a reply of Redust that is not
// Redis's on purpose.
type knownDifference struct {
	// Script is family/command, or meta/<what> for what the meta specs compare.
	// A "*" stands for any text, here and in Line.
	Script string `yaml:"script"`
	// Line is the script's line as written, or the compared name of a meta spec.
	Line string `yaml:"line"`
	// Protocol is 2 or 3 when only that one differs.
	Protocol int    `yaml:"protocol"`
	Reason   string `yaml:"reason"`
}

func (k knownDifference) matches(scriptID, line string, proto int) bool {
	return (k.Protocol == 0 || proto == 0 || k.Protocol == proto) && fits(k.Script, scriptID) && fits(k.Line, line)
}

// fits matches a text against a pattern whose only special character is "*".
func fits(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

func readKnownDifferences() ([]knownDifference, error) {
	src, err := os.ReadFile(skipFile)
	if err != nil {
		return nil, err
	}
	var all []knownDifference
	if err := yaml.Unmarshal(src, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", skipFile, err)
	}
	for i, k := range all {
		if k.Script == "" || k.Line == "" || k.Reason == "" {
			return nil, fmt.Errorf("%s: entry %d lacks script, line or reason", skipFile, i+1)
		}
	}
	return all, nil
}

// isKnown tells whether a difference is listed.
func isKnown(all []knownDifference, scriptID, line string, proto int) bool {
	for _, k := range all {
		if k.matches(scriptID, line, proto) {
			return true
		}
	}
	return false
}

// unlisted leaves out the differences that the skip file names.
func unlisted(all []knownDifference, diffs []difference) []difference {
	var out []difference
	for _, d := range diffs {
		if !isKnown(all, d.script.id(), d.text, d.proto) {
			out = append(out, d)
		}
	}
	return out
}

// differencesTable is the skip file as docs/differences.md shows it.
func differencesTable(all []knownDifference) string {
	var b strings.Builder
	b.WriteString("| where | what | why |\n|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, k := range all {
		where := k.Script
		if k.Protocol != 0 {
			where += fmt.Sprintf(" (RESP%d)", k.Protocol)
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", where, cell.Replace(k.Line), cell.Replace(strings.TrimSpace(k.Reason)))
	}
	return b.String()
}

// documentedTable is the table between the markers of docs/differences.md.
func documentedTable() (string, error) {
	src, err := os.ReadFile(differencesDoc)
	if err != nil {
		return "", err
	}
	_, rest, ok := strings.Cut(string(src), tableBegin+"\n")
	table, _, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("%s lacks the markers of its table", differencesDoc)
	}
	return table, nil
}

func writeDocumentedTable(old, table string) error {
	src, err := os.ReadFile(differencesDoc)
	if err != nil {
		return err
	}
	text := strings.Replace(string(src), tableBegin+"\n"+old, tableBegin+"\n"+table, 1)
	return os.WriteFile(differencesDoc, []byte(text), 0o644)
}
