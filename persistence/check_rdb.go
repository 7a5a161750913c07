package persistence

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/redust/redust/core/rdb"
)

// biggestShown is how many keys a report lists by size.
const biggestShown = 10

// RDBReport is what an RDB file holds, as far as it could be read.
type RDBReport struct {
	Version   int
	Aux       [][2]string
	Keys      int64
	Expires   int64 // keys with a TTL
	Expired   int64 // of them, those whose time is over
	Functions int64
	Databases map[int]int64 // keys by database
	Types     map[string]TypeCount
	Biggest   []SizedKey // by encoded size, largest first
	Bytes     int64      // read
	Total     int64      // size of the file, 0 if unknown
	// LastKey is the last key that was begun, where the file is damaged.
	LastKey string
}

// TypeCount sums keys of one type.
type TypeCount struct{ Keys, Bytes int64 }

// SizedKey is a key with the size of its value in the file.
type SizedKey struct {
	DB    int
	Key   string
	Type  string
	Bytes int64
}

// ReadRDB examines a file in RDB form to its end: every length, every value, duplicates in packed values, and the
// checksum. size is its length, 0 if unknown. The error says where it is damaged and why; the report then has what stood before. Memory
// does not grow with the file.
func ReadRDB(in io.Reader, size int64) (*RDBReport, error) {
	r := &RDBReport{Databases: map[int]int64{}, Types: map[string]TypeCount{}, Total: size}
	d := rdb.NewDecoder(in, rdb.DecoderOptions{Size: size, Sanitize: rdb.SanitizeYes})
	err := r.read(d)
	r.Bytes = d.Offset()
	if err == nil {
		r.LastKey = ""
		if size > 0 && r.Bytes < size {
			err = fmt.Errorf("at offset %d: %d bytes follow the end of the RDB data", r.Bytes, size-r.Bytes)
		}
	}
	slices.SortFunc(r.Biggest, func(a, b SizedKey) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return r, err
}

func (r *RDBReport) read(d *rdb.Decoder) (err error) {
	if r.Version, err = d.ReadHeader(); err != nil {
		return err
	}
	nowMs := time.Now().UnixMilli()
	var rec rdb.Record
	for {
		if err := d.Next(&rec); err != nil {
			return err
		}
		switch rec.Op {
		case rdb.OpAux:
			r.Aux = append(r.Aux, [2]string{string(rec.Key), string(rec.Value)})
		case rdb.OpFunction:
			r.Functions++
		case rdb.OpKey:
			r.LastKey = string(clip(rec.Key))
			if rec.Meta.HasExpire {
				r.Expires++
				if rec.Meta.ExpireMs < nowMs {
					r.Expired++
				}
			}
			start := d.Offset()
			if err := d.Skip(rec.Type); err != nil { // an empty collection as well: a server leaves it out
				return err
			}
			r.count(&rec, d.Offset()-start)
		case rdb.OpEOF:
			return nil
		}
	}
}

// count adds a key to the sums.
func (r *RDBReport) count(rec *rdb.Record, bytes int64) {
	r.Keys++
	r.Databases[rec.DB]++
	kind := rec.Type.Kind().String()
	t := r.Types[kind]
	r.Types[kind] = TypeCount{t.Keys + 1, t.Bytes + bytes}
	smallest := -1
	if len(r.Biggest) >= biggestShown {
		smallest = 0
		for i := range r.Biggest {
			if r.Biggest[i].Bytes < r.Biggest[smallest].Bytes {
				smallest = i
			}
		}
		if r.Biggest[smallest].Bytes >= bytes {
			return
		}
	}
	k := SizedKey{rec.DB, r.LastKey, kind, bytes}
	if smallest < 0 {
		r.Biggest = append(r.Biggest, k)
	} else {
		r.Biggest[smallest] = k
	}
}

// write prints the report for a person.
func (r *RDBReport) write(out io.Writer) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	p("format version %d", r.Version)
	for _, a := range r.Aux {
		p("  %-12s %s", a[0], strconv.Quote(a[1]))
	}
	p("%d keys, %d with a TTL, %d expired", r.Keys, r.Expires, r.Expired)
	if r.Functions > 0 {
		p("%d libraries of functions", r.Functions)
	}
	for _, db := range slices.Sorted(maps.Keys(r.Databases)) {
		p("  database %-3d %12d keys", db, r.Databases[db])
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Types)) {
		p("  %-12s %12d keys %14d bytes", kind, r.Types[kind].Keys, r.Types[kind].Bytes)
	}
	if len(r.Biggest) > 0 {
		p("largest values, in bytes of the file:")
	}
	for _, k := range r.Biggest {
		p("  %12d  %-7s %s (database %d)", k.Bytes, k.Type, strconv.Quote(k.Key), k.DB)
	}
}

// CheckRDB is the tool `redust check-rdb FILE`: a report on out, and exit code 1 if the file is damaged or can't be read.
func CheckRDB(args []string, out, errOut io.Writer) (exitCode int) {
	if len(args) != 1 {
		_, _ = fmt.Fprintln(errOut, "Usage: redust check-rdb FILE")
		return 1
	}
	f, err := os.Open(args[0])
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "check-rdb: %v\n", err)
		return 1
	}
	defer func() { _ = f.Close() }()
	size := int64(0)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	_, _ = fmt.Fprintf(out, "%s: %d bytes\n", args[0], size)
	r, err := ReadRDB(f, size)
	r.write(out)
	if err == nil {
		_, _ = fmt.Fprintf(out, "the file is good: %d bytes read, checksum verified\n", r.Bytes)
		return 0
	}
	_, _ = fmt.Fprintf(out, "DAMAGED: %v\n", err)
	if r.LastKey != "" {
		_, _ = fmt.Fprintf(out, "the last key that was begun is %s; %d keys stand before it\n", strconv.Quote(r.LastKey), r.Keys)
	}
	_, _ = fmt.Fprintln(out, "An RDB file can't be repaired. Load a copy of an earlier one, or the AOF if there is one.")
	return 1
}
