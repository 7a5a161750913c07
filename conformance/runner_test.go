package conformance_test

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	scriptDeadline = 60 * time.Second // for one script under one protocol
	maxSilences    = 3                // one-sided missing replies after which a script is given up
	maxScanRounds  = 100_000
	blockPatience  = 150 * time.Millisecond // for an @async command to be received
	leastPatience  = 20 * time.Millisecond
	leftPatience   = 300 * time.Millisecond // for replies that nobody asked for
)

// difference is one reply that isn't Redis's.
type difference struct {
	script       *script
	proto        int
	line         int
	text         string // the line as written
	ours, theirs string
}

func (d difference) String() string {
	return fmt.Sprintf("%s:%d (RESP%d)\n  %s\n  Redust: %s\n  Redis:  %s", d.script.path, d.line, d.proto,
		d.text, shorten(d.ours), shorten(d.theirs))
}

func shorten(s string) string {
	const most = 800
	s = strings.ReplaceAll(s, "\n", "\n          ")
	if len(s) > most {
		return s[:most] + fmt.Sprintf("... (%d bytes)", len(s))
	}
	return s
}

// run is one script under one protocol against two sides.
type run struct {
	script    *script
	proto     int
	ours      side
	theirs    side
	oursVars  map[string][]byte
	theirVars map[string][]byte
	available func(args [][]byte) string // the command Redust lacks, or ""
	client    string
	blocking  [][2]int        // blocked clients before each @async that may still be on its way
	used      []string        // clients in order of first use
	rawUsed   map[string]bool // clients whose stream may be out of step
	diffs     []difference
	silences  int      // replies that only one of the two gave
	skipped   []string // commands of lines left out
}

func newRun(s *script, proto int, ours, theirs side, available func([][]byte) string) *run {
	return &run{
		script: s, proto: proto, ours: ours, theirs: theirs, available: available,
		oursVars: map[string][]byte{}, theirVars: map[string][]byte{}, rawUsed: map[string]bool{},
	}
}

// exec runs the script to its end or deadline. An error means that the script
// could not be run; differences are in r.diffs.
func (r *run) exec() (err error) {
	for _, s := range []side{r.ours, r.theirs} {
		if err := s.begin(r.proto); err != nil {
			return err
		}
	}
	r.use("main")
	deadline := time.Now().Add(scriptDeadline)
	for i := range r.script.steps {
		st := &r.script.steps[i]
		if st.proto != 0 && st.proto != r.proto {
			continue
		}
		if time.Now().After(deadline) {
			err = fmt.Errorf("%s:%d: deadline of %v passed", r.script.path, st.line, scriptDeadline)
			break
		}
		if err = r.step(st); err == nil && r.silences >= maxSilences {
			err = fmt.Errorf("given up: %d replies came from one server only", r.silences)
		}
		if err != nil {
			err = fmt.Errorf("%s:%d: %w", r.script.path, st.line, err)
			break
		}
	}
	if err == nil {
		r.leftovers()
	}
	for _, s := range []side{r.ours, r.theirs} {
		if e := s.end(); err == nil {
			err = e
		}
	}
	return err
}

// use switches the current client. Commands sent without waiting must have
// arrived before another client speaks, or the order would be chance.
func (r *run) use(client string) {
	if client != r.client {
		for _, before := range r.blocking { // at most one
			awaitBlocked(r.ours, before[0])
			awaitBlocked(r.theirs, before[1])
		}
		r.blocking = nil
	}
	r.client = client
	if !slices.Contains(r.used, client) {
		r.used = append(r.used, client)
	}
}

func (r *run) step(st *step) error {
	switch st.kind {
	case stepClient:
		r.use(st.name)
	case stepClose:
		r.ours.drop(r.client)
		r.theirs.drop(r.client)
		r.used = slices.DeleteFunc(r.used, func(c string) bool { return c == r.client })
		delete(r.rawUsed, r.client)
	case stepSleep:
		time.Sleep(st.wait)
	case stepRaw:
		r.rawUsed[r.client] = true
		return r.sendBoth(st.raw, st.raw)
	case stepRead:
		r.readBoth(st, st.wait)
	case stepConfig:
		args := append([][]byte{[]byte("CONFIG"), []byte("SET")}, st.tokens[0].text)
		return r.command(st, func(int, map[string][]byte, map[string][]byte) [][]byte {
			return append(args, st.tokens[1].expand(1)...)
		})
	default:
		for rep := range st.repeat {
			err := r.command(st, func(_ int, mine, other map[string][]byte) [][]byte {
				return arguments(st.tokens, rep+1, mine, other)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// command sends one command to both sides and compares the replies. build gives
// the arguments from a side's variables and the other's.
func (r *run) command(st *step, build func(rep int, mine, other map[string][]byte) [][]byte) error {
	ours, theirs := build(0, r.oursVars, r.theirVars), build(0, r.theirVars, r.oursVars)
	if name := r.available(ours); name != "" {
		r.skipped = append(r.skipped, name)
		return nil
	}
	if st.scan {
		a, b := r.scan(r.ours, ours, st), r.scan(r.theirs, theirs, st)
		r.compare(st, a, b)
		return nil
	}
	before := [2]int{}
	waits := st.async && len(r.blocking) == 0 // what is pipelined behind it can't block as well
	if waits {
		before[0], _ = r.ours.waiting()
		before[1], _ = r.theirs.waiting()
	}
	if err := r.sendBoth(encodeCommand(ours), encodeCommand(theirs)); err != nil {
		return err
	}
	if waits {
		r.blocking = [][2]int{before}
	}
	if st.async {
		return nil
	}
	r.readBoth(st, replyPatience)
	return nil
}

// readBoth compares one reply of each. Patience counts once: when ours kept
// silent for so long, theirs has had the same time.
func (r *run) readBoth(st *step, patience time.Duration) {
	start := time.Now()
	ours := r.ours.read(r.client, patience, st)
	theirs := r.theirs.read(r.client, max(patience-time.Since(start), leastPatience), st)
	r.compare(st, ours, theirs)
}

// awaitBlocked waits until one client more is blocked, or long enough for any
// other command to have been received.
func awaitBlocked(s side, before int) {
	for deadline := time.Now().Add(blockPatience); time.Now().Before(deadline); {
		if n, ok := s.waiting(); !ok || n > before {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *run) sendBoth(ours, theirs []byte) error {
	if err := r.ours.send(r.client, ours); err != nil {
		return err
	}
	return r.theirs.send(r.client, theirs)
}

func (r *run) compare(st *step, ours, theirs outcome) {
	if st.capture != "" {
		r.oursVars[st.capture] = capturedText(ours, st.field)
		r.theirVars[st.capture] = capturedText(theirs, st.field)
	}
	if *showReplies {
		fmt.Printf("%s %s:%d RESP%d> %s\n%s\n", time.Now().Format("05.000"), r.script.id(), st.line, r.proto, st.text, shorten(theirs.String()))
	}
	if ours.err == theirs.err && theirs.matches(ours.raw, st.mode) {
		return
	}
	if (ours.err == "") != (theirs.err == "") {
		r.silences++
	}
	d := difference{script: r.script, proto: r.proto, line: st.line, text: st.text}
	d.ours, d.theirs = ours.String(), theirs.String()
	if d.ours == d.theirs { // same content, other wire type
		d.ours, d.theirs = quoteBytes(ours.raw), quoteBytes(theirs.raw)
	}
	r.diffs = append(r.diffs, d)
}

// leftovers compares what was sent without being asked for. RESET ends every
// mode a client can be in and answers +RESET, which no script line leaves behind.
func (r *run) leftovers() {
	for _, client := range r.used {
		if r.rawUsed[client] {
			continue
		}
		st := &step{line: len(strings.Split(string(r.script.source), "\n")), text: "(end of script, client " + client + ")"}
		r.client = client
		if err := r.sendBoth(encodeCommand([][]byte{[]byte("RESET")}), encodeCommand([][]byte{[]byte("RESET")})); err != nil {
			continue // the script closed the server's door on purpose
		}
		for range 1000 {
			ours, theirs := r.ours.read(client, leftPatience, st), r.theirs.read(client, leftPatience, st)
			r.compare(st, ours, theirs)
			if ours.err != "" || theirs.err != "" || string(theirs.raw) == "+RESET\r\n" {
				break
			}
		}
	}
}

// scan follows a cursor from 0 to 0 on one side and gives all elements as one
// sorted array without duplicates (pairs stay together). Servers differ in
// cursors and order; what must agree is what a whole scan returns.
func (r *run) scan(s side, args [][]byte, st *step) outcome {
	if t, ok := s.(*traceSide); ok {
		return t.read(r.client, 0, st)
	}
	out := r.scanAll(s, args)
	if rec, ok := s.(*recorder); ok {
		rec.keep(st, out)
	}
	return out
}

func (r *run) scanAll(s side, args [][]byte) outcome {
	pos, width := 2, 1
	switch strings.ToUpper(string(args[0])) {
	case "SCAN":
		pos = 1
	case "HSCAN", "ZSCAN":
		width = 2
	}
	args = slices.Clone(args)
	var found []string
	for range maxScanRounds {
		if err := s.send(r.client, encodeCommand(args)); err != nil {
			return outcome{err: err.Error()}
		}
		out := s.read(r.client, replyPatience, nil)
		v, err := parseReply(out.raw)
		if out.err != "" || err != nil || len(v.elems) != 2 || v.elems[1].kind != '*' {
			return out // an error, or no scan reply at all: shown as it is
		}
		for pair := range slices.Chunk(v.elems[1].elems, width) {
			var b bytes.Buffer
			for _, e := range pair {
				fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(e.text), e.text)
			}
			found = append(found, b.String())
		}
		if v.elems[0].str() == "0" {
			slices.Sort(found)
			found = slices.Compact(found)
			return outcome{raw: []byte(fmt.Sprintf("*%d\r\n", len(found)*width) + strings.Join(found, ""))}
		}
		args[pos] = v.elems[0].text
	}
	return outcome{err: "<scan without end>"}
}

// arguments expands the tokens of a line. {{name}} is the reply captured from
// this server, {{other.name}} the one captured from the other.
func arguments(tokens []token, rep int, mine, other map[string][]byte) [][]byte {
	var args [][]byte
	for _, t := range tokens {
		if !t.quoted {
			t.text = substitute(t.text, mine, other)
		}
		args = append(args, t.expand(rep)...)
	}
	return args
}

func substitute(text []byte, mine, other map[string][]byte) []byte {
	for {
		i := bytes.Index(text, []byte("{{"))
		if i < 0 {
			return text
		}
		j := bytes.Index(text[i:], []byte("}}"))
		if j < 0 {
			return text
		}
		name := string(text[i+2 : i+j])
		val, ok := mine[name]
		if rest, isOther := strings.CutPrefix(name, "other."); isOther {
			val, ok = other[rest]
		}
		if !ok {
			return text
		}
		text = slices.Concat(text[:i], val, text[i+j+2:])
		if bytes.Contains(val, []byte("{{")) {
			return text // a binary payload is not looked into again
		}
	}
}

// capturedText is what @capture keeps of a reply: a scalar's text, or the first
// scalar inside an aggregate, or one field of an INFO or CLIENT text.
func capturedText(o outcome, field string) []byte {
	v, err := parseReply(o.raw)
	if err != nil {
		return nil
	}
	for v.aggregate() && len(v.elems) > 0 {
		v = v.elems[0]
	}
	if field != "" {
		return []byte(fieldValues(v.str())[field])
	}
	return []byte(v.str())
}

func protoName(proto int) string { return "resp" + strconv.Itoa(proto) }
