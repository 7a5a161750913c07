package persistence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redust/redust/core"
	"github.com/redust/redust/core/rdb"
)

// loadOptions say how an RDB file is loaded.
type loadOptions struct {
	merge bool // keys that are there are replaced; else a key that comes twice is an error
	// keepExpired loads keys whose time is over as well: commands of an AOF follow that count on them.
	keepExpired bool
	// replica: the file is from a primary, whose DEL decides about expired keys.
	replica bool
}

// loadResult is what came of it.
type loadResult struct {
	keys, expired, empty int64
	// aux are the AUX fields.
	aux map[string]string
}

// loadFile loads the RDB file at start. found is false if there is none.
func (s *Service) loadFile(ctx context.Context) (found bool, err error) {
	found, err = s.loadFileWith(ctx, loadOptions{})
	if found && err != nil && ctx.Err() == nil {
		s.log.Warn("Terminating server after rdb file reading failure.")
	}
	return found, err
}

func (s *Service) loadFileWith(ctx context.Context, o loadOptions) (found bool, err error) {
	name := s.opt.dbfilename.Load()
	if name == "" { // as in Redis, there is no file of that name
		return false, nil
	}
	file := s.place.path(name)
	f, err := s.fs.OpenFile(file, os.O_RDONLY, 0)
	if notThere(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("Fatal error loading the DB: opening the RDB file: %w", err) //nolint:staticcheck // Redis's words
	}
	defer f.Close()
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	s.progress.begin(name, size, s.terminal, s.log)
	r, _, err := s.loadRDB(ctx, f, size, o)
	s.progress.end()
	if err != nil {
		if ctx.Err() != nil {
			return true, err
		}
		path := workingFile(file)
		return true, fmt.Errorf("Fatal error loading the DB: the RDB file %s can't be loaded: %w. It is left as it is; `redust check-rdb %s` (or redis-check-rdb) shows what can be read", //nolint:staticcheck // Redis's words
			path, err, path)
	}
	s.saves.mu.Lock()
	s.saves.loadedKeys, s.saves.expired = r.keys, r.expired
	s.saves.mu.Unlock()
	if r.empty > 0 {
		s.log.Warn(fmt.Sprintf("Done loading RDB, keys loaded: %d, keys expired: %d, empty keys skipped: %d.", r.keys, r.expired, r.empty))
	} else {
		s.log.Info(fmt.Sprintf("Done loading RDB, keys loaded: %d, keys expired: %d.", r.keys, r.expired))
	}
	return true, nil
}

// loadRDB loads a file in RDB form into the engine. size is the length of in, or 0 if unknown. rest is
// what the decoder has read beyond the end of the RDB part: an AOF with a preamble goes on there. Progress is told to
// s.progress, which the caller begins and ends.
func (s *Service) loadRDB(ctx context.Context, in io.Reader, size int64, o loadOptions) (r loadResult, rest []byte, err error) {
	l := &rdbLoader{
		s: s, opts: o, size: size, nowMs: s.eng.NowMs(), ctx: ctx, result: loadResult{aux: map[string]string{}},
		dec: rdb.NewDecoder(in, rdb.DecoderOptions{
			Size: size, SkipChecksum: !s.opt.checksum.Load() || s.eng.Debug().ChecksumsSkipped.Load(),
			Sanitize: s.sanitize(),
		}),
	}
	for _, t := range s.eng.Registry().Types() {
		for _, n := range t.RDBTypes {
			l.types[n] = t
		}
	}
	l.startInserters()
	err = l.decode()
	if ierr := l.finish(); err == nil {
		err = ierr
	}
	return l.result, l.dec.Buffered(), err
}

// sanitize is what sanitize-dump-payload says of files: clients means RESTORE alone, which examines every payload anyhow.
func (s *Service) sanitize() rdb.Sanitize {
	if s.opt.sanitize.Load() == "yes" {
		return rdb.SanitizeYes
	}
	return rdb.SanitizeNo
}

// rdbLoader decodes in its own goroutine and has batches of keys inserted by others: inserting waits for memory and
// takes about four times as long.
type rdbLoader struct {
	s      *Service
	opts   loadOptions
	ctx    context.Context
	dec    *rdb.Decoder
	size   int64
	nowMs  int64
	types  [256]*core.TypeInfo // by RDB type number
	result loadResult

	batch   *loadBatch
	work    chan *loadBatch
	done    sync.WaitGroup
	failure atomic.Pointer[error] // of an inserter
}

const (
	loadBatchKeys  = 4096
	loadBatchBytes = 512 << 10
	maxInserters   = 4
	// minKeyBytes is what a key takes in a file, at least if there are many.
	minKeyBytes = 8
	// emptyKeysNamed is how many empty collections of a file are named in the log.
	emptyKeysNamed = 10
)

// loadBatch is keys on their way into the engine.
type loadBatch struct {
	data []byte // keys, and packed values that fit
	keys []core.Loaded
}

var loadBatches = sync.Pool{New: func() any {
	return &loadBatch{data: make([]byte, 0, loadBatchBytes), keys: make([]core.Loaded, 0, loadBatchKeys)}
}}

func (l *rdbLoader) startInserters() {
	n := min(maxInserters, runtime.GOMAXPROCS(0))
	l.work = make(chan *loadBatch, n)
	l.batch = loadBatches.Get().(*loadBatch)
	l.done.Add(n)
	for range n {
		go l.insert()
	}
}

// insert stores batches until there are no more.
func (l *rdbLoader) insert() {
	defer l.done.Done()
	into := l.s.eng.NewLoader(!l.opts.merge)
	for b := range l.work {
		if l.failure.Load() != nil {
			core.FreeLoaded(b.keys)
		} else if k := into.Insert(b.keys); k != nil {
			err := fmt.Errorf("the key %s comes twice in database %d", strconv.Quote(string(clip(k.Key))), k.DB)
			l.failure.CompareAndSwap(nil, &err)
		}
		clear(b.keys)
		b.keys, b.data = b.keys[:0], b.data[:0]
		if cap(b.data) <= loadBatchBytes {
			loadBatches.Put(b)
		}
	}
}

// clip shortens a key for a message.
func clip(key []byte) []byte {
	if len(key) > 64 {
		return key[:64]
	}
	return key
}

// flush passes the batch on.
func (l *rdbLoader) flush() {
	if len(l.batch.keys) > 0 {
		l.work <- l.batch
		l.batch = loadBatches.Get().(*loadBatch)
	}
}

// finish waits for the inserters.
func (l *rdbLoader) finish() error {
	l.flush()
	close(l.work)
	l.done.Wait()
	if err := l.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// decode reads the file to its end.
func (l *rdbLoader) decode() error {
	var rec rdb.Record
	version, err := l.dec.ReadHeader()
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if err := l.dec.Next(&rec); err != nil {
			return err
		}
		if n&1023 == 0 {
			l.s.progress.at(l.dec.Offset())
			if err := l.interrupted(); err != nil {
				return err
			}
		}
		switch rec.Op {
		case rdb.OpKey:
			if err = l.s.dawdle(l.ctx); err == nil {
				err = l.key(&rec)
			}
		case rdb.OpAux:
			l.aux(&rec)
		case rdb.OpSelectDB:
			err = l.selectDB(&rec)
		case rdb.OpResizeDB:
			l.reserve(&rec)
		case rdb.OpFunction:
			err = l.refuse(&rec, "a library of functions, which this server can't keep")
		case rdb.OpModuleAux:
			err = l.refuse(&rec, "data of a module, which this server hasn't got")
		case rdb.OpEOF:
			l.s.progress.at(l.dec.Offset())
			l.s.log.Debug("read an RDB file", "version", version, "bytes", l.dec.Offset())
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// dawdle rests before a key or command is loaded, as key-load-delay says.
func (s *Service) dawdle(ctx context.Context) error {
	if s.opt.loadDelay.Load() <= 0 {
		return nil
	}
	for start := time.Now(); ; {
		us := s.opt.loadDelay.Load()
		left := time.Duration(us)*time.Microsecond - time.Since(start)
		if err := ctx.Err(); left <= 0 || err != nil {
			return err
		}
		time.Sleep(min(left, 10*time.Millisecond))
	}
}

func (l *rdbLoader) interrupted() error {
	if err := l.failure.Load(); err != nil {
		return *err
	}
	return l.ctx.Err()
}

func (l *rdbLoader) refuse(rec *rdb.Record, what string) error {
	return fmt.Errorf("at offset %d: the file has %s: loading would lose it", rec.Offset, what)
}

func (l *rdbLoader) aux(rec *rdb.Record) {
	name, value := string(rec.Key), string(rec.Value)
	l.result.aux[name] = value
	log := l.s.log
	switch name {
	case "redis-ver":
		log.Info("Loading RDB produced by version " + value)
	case "ctime":
		if at, err := strconv.ParseInt(value, 10, 64); err == nil {
			log.Info(fmt.Sprintf("RDB age %d seconds", max(0, time.Now().Unix()-at)))
		}
	case "used-mem":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			l.s.progress.usedMem.Store(n)
			log.Info(fmt.Sprintf("RDB memory usage when created %.2f Mb", float64(n)/(1<<20)))
		}
	case "aof-base":
		if value == "1" {
			log.Info("RDB is base AOF")
		}
	}
}

func (l *rdbLoader) selectDB(rec *rdb.Record) error {
	if n := l.s.eng.Keyspace().Databases(); rec.DB >= n {
		return fmt.Errorf("at offset %d: the file has keys of database %d, and this server has %d databases: raise the option databases",
			rec.Offset, rec.DB, n)
	}
	return nil
}

// reserve makes room for the keys that the file announces: no more than its length allows, and not for those that may be over.
func (l *rdbLoader) reserve(rec *rdb.Record) {
	if rec.Expires < rec.Keys {
		l.s.eng.Keyspace().Reserve(rec.DB, int(min(rec.Keys-rec.Expires, uint64(l.size)/minKeyBytes)))
	}
}

// key reads a key's value and puts it into the batch.
func (l *rdbLoader) key(rec *rdb.Record) error {
	t := l.types[rec.Type]
	if t == nil {
		return l.refuse(rec, fmt.Sprintf("the key %s of type %v, which no family of this server understands",
			strconv.Quote(string(clip(rec.Key))), rec.Type))
	}
	if l.expired(rec) {
		l.result.expired++
		return l.dec.Skip(rec.Type)
	}
	v, err := t.Load(l.dec, rec.Type)
	if errors.Is(err, rdb.ErrEmptyKey) {
		if l.result.empty++; l.result.empty <= emptyKeysNamed {
			l.s.log.Warn("rdbLoadObject skipping empty key: " + string(clip(rec.Key)))
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("key %s: %w", strconv.Quote(string(clip(rec.Key))), rdb.Refusal(rec.Type, err))
	}
	l.add(rec, v)
	l.result.keys++
	l.s.progress.keys.Store(l.result.keys)
	return nil
}

func (l *rdbLoader) expired(rec *rdb.Record) bool {
	return rec.Meta.HasExpire && rec.Meta.ExpireMs < l.nowMs && !l.opts.keepExpired && !l.opts.replica
}

// add copies key and packed value, which are the decoder's, into the batch.
func (l *rdbLoader) add(rec *rdb.Record, v core.Stored) {
	need := len(rec.Key) + len(v.Packed)
	if len(l.batch.data)+need > cap(l.batch.data) {
		l.flush()
	}
	b := l.batch
	from := len(b.data)
	b.data = append(append(b.data, rec.Key...), v.Packed...)
	mid := from + len(rec.Key)
	if v.Packed != nil {
		v.Packed = b.data[mid:]
	}
	b.keys = append(b.keys, core.Loaded{DB: rec.DB, Key: b.data[from:mid], Value: v, Meta: l.meta(rec)})
	if len(b.keys) == loadBatchKeys || len(b.data) >= loadBatchBytes {
		l.flush()
	}
}

// meta translates what the file says of a key: idle time or frequency, where the eviction policy
// uses it.
func (l *rdbLoader) meta(rec *rdb.Record) core.KeyMeta {
	var m core.KeyMeta
	if rec.Meta.HasExpire {
		m.ExpireAt = max(1, rec.Meta.ExpireMs)
	}
	lfu := l.s.eng.UsesLFU()
	switch {
	case lfu && rec.Meta.HasFreq:
		m.Access = core.LFUAccess(rec.Meta.Freq, l.nowMs)
	case !lfu && rec.Meta.HasIdle:
		m.Access = core.LRUFromIdle(int64(min(rec.Meta.IdleSec, 1<<32)), l.nowMs)
	}
	return m
}
