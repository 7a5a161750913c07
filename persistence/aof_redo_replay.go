package persistence

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path"
	"slices"
	"time"
)

// redoSlack is how much later than the last frame the append-only file may have been changed by the server that wrote both: redoFresh, and
// time for what comes between.
const redoSlack = redoFresh + 2*time.Second

// redoFrame is what was appended to an incr file at once.
type redoFrame struct {
	seq, pos int64
	at       int64 // Unix ns
	data     []byte
}

func (f *redoFrame) end() int64 { return f.pos + int64(len(f.data)) }

// readRedo finds the frames of a redo log in order of incr file and position. What isn't whole is none.
func readRedo(fs FS, name string) ([]redoFrame, error) {
	b, err := readWhole(fs, name)
	if err != nil {
		return nil, err
	}
	var frames []redoFrame
	for len(b) >= redoBlock {
		f, ok := parseFrame(b)
		skip := int64(redoBlock)
		if ok {
			frames = append(frames, f)
			skip = min(redoSpace(int64(len(f.data))), int64(len(b)))
		}
		b = b[skip:]
	}
	slices.SortFunc(frames, func(a, b redoFrame) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.pos, b.pos)) })
	return frames, nil
}

func parseFrame(b []byte) (f redoFrame, ok bool) {
	if string(b[:len(redoMagic)]) != redoMagic {
		return f, false
	}
	n := int64(binary.LittleEndian.Uint32(b[12:]))
	f.seq = int64(binary.LittleEndian.Uint64(b[16:]))
	f.pos = int64(binary.LittleEndian.Uint64(b[24:]))
	f.at = int64(binary.LittleEndian.Uint64(b[32:]))
	if n > redoLargest || int64(len(b)) < redoHeader+n || f.pos < 0 {
		return f, false
	}
	f.data = b[redoHeader : redoHeader+n]
	return f, crc32.Checksum(b[12:redoHeader+n], castagnoli) == binary.LittleEndian.Uint32(b[8:])
}

// redoPlan is what an incr file has lost, by its frames.
type redoPlan struct {
	lost    []redoFrame // to be written
	bytes   int64       // of them
	size    int64       // of the file, now and then
	end     int64
	refused string // why nothing is done although the file and the frames differ
}

// needed reports whether the file is to be changed.
func (p *redoPlan) needed() bool { return p.refused == "" && (len(p.lost) > 0 || p.end != p.size) }

// text says what apply does.
func (p *redoPlan) text() string {
	if len(p.lost) == 0 {
		return fmt.Sprintf("%d zeros are cut off its end", p.size-p.end)
	}
	return fmt.Sprintf("%d bytes of acknowledged writes are put back from the redo log", p.bytes)
}

// planRedo compares an incr file with its frames, in order of position. A file that has lost what was not flushed ends too
// early, or has zeros there. Anything else that differs was not written by the server that wrote the frames: then they are
// not for this file.
func planRedo(f File, frames []redoFrame) (p redoPlan, err error) {
	info, err := f.Stat()
	if err != nil {
		return p, err
	}
	p.size = info.Size()
	p.end = p.size
	at, last, whole := int64(0), int64(0), true
	for i := range frames {
		fr := &frames[i]
		if at = max(at, fr.at); fr.pos > p.end {
			whole = false
			break
		}
		if err := p.compare(f, fr); err != nil || p.refused != "" {
			return p, err
		}
		last = max(last, fr.end())
	}
	switch late := info.ModTime().Sub(time.Unix(0, at)); {
	case len(p.lost) == 0:
		p.end, err = withoutZeros(f, last, p.size)
	case late > redoSlack:
		p.refused = fmt.Sprintf("the file was changed %v after the last write that the redo log has", late.Round(time.Second))
	case whole: // what is behind was not acknowledged, and may have gaps, too
		p.end = last
	}
	return p, err
}

// compare adds a frame to the plan if the file hasn't what it has.
func (p *redoPlan) compare(f File, fr *redoFrame) error {
	have, err := readAt(f, fr.pos, min(fr.end(), p.size)-fr.pos)
	if err != nil || bytes.Equal(have, fr.data) {
		return err
	}
	for i, c := range have {
		if c != fr.data[i] && c != 0 {
			p.refused = fmt.Sprintf("offset %d of the file has other content", fr.pos+int64(i))
			return nil
		}
	}
	p.lost = append(p.lost, *fr)
	p.bytes += int64(len(fr.data))
	p.end = max(p.end, fr.end())
	return nil
}

// withoutZeros is where the zeros begin that the file ends with, from a position on. No command ends with any.
func withoutZeros(f File, from, size int64) (int64, error) {
	for end := size; end > from; {
		n := min(end-from, 64<<10)
		b, err := readAt(f, end-n, n)
		if err != nil {
			return size, err
		}
		if rest := bytes.TrimRight(b, "\x00"); len(rest) > 0 {
			return end - n + int64(len(rest)), nil
		}
		end -= n
	}
	return max(from, 0), nil
}

// readAt reads n bytes, none if n is negative.
func readAt(f File, pos, n int64) ([]byte, error) {
	b := make([]byte, max(n, 0))
	_, err := io.ReadFull(io.NewSectionReader(f, pos, n), b)
	return b, err
}

// apply writes what was lost.
func (p *redoPlan) apply(f File) error {
	for _, fr := range p.lost {
		if _, err := f.WriteAt(fr.data, fr.pos); err != nil {
			return err
		}
	}
	if err := f.Truncate(p.end); err != nil {
		return err
	}
	return f.Sync()
}

// redoFiles opens the incr files of a manifest, which stand in dir, with flag, and calls each with what they have lost by their frames.
func redoFiles(fs FS, dir string, flag int, m *manifest, frames []redoFrame, each func(name string, f File, p *redoPlan) error) error {
	for _, file := range m.incrs {
		from, _ := slices.BinarySearchFunc(frames, file.seq, func(f redoFrame, seq int64) int { return cmp.Compare(f.seq, seq) })
		to, _ := slices.BinarySearchFunc(frames, file.seq+1, func(f redoFrame, seq int64) int { return cmp.Compare(f.seq, seq) })
		f, err := fs.OpenFile(path.Join(dir, file.name), flag, 0)
		if notThere(err) { // who loads or examines it says so
			continue
		}
		if err != nil {
			return err
		}
		p, err := planRedo(f, frames[from:to])
		if err == nil {
			err = each(file.name, f, &p)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// redo puts back what a power failure has taken from the incr files. Without one there is nothing to do: they have all that the redo log
// has.
func (j *appendOnly) redo(m *manifest) error {
	name := j.path(j.redoName())
	frames, err := readRedo(j.s.fs, name)
	if notThere(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the redo log %s: %w", workingFile(name), err)
	}
	kept := false
	err = redoFiles(j.s.fs, j.folder(), os.O_RDWR, m, frames, func(file string, f File, p *redoPlan) error {
		if p.refused != "" {
			kept = true
			j.log.Warn("The redo log has writes that "+file+" has not, but is not of this file: it is not used", "reason", p.refused, "kept as", unusedRedo(j.redoName()))
		}
		if !p.needed() {
			return nil
		}
		j.log.Warn(file + " had not everything on disk when the system ended: " + p.text())
		return p.apply(f)
	})
	switch {
	case err != nil:
		return fmt.Errorf("putting acknowledged writes back from the redo log %s: %w", workingFile(name), err)
	case kept:
		return j.s.fs.Rename(name, j.path(unusedRedo(j.redoName())))
	}
	return j.s.fs.Remove(name)
}

func (j *appendOnly) redoName() string { return j.opt.filename.Load() + redoSuffix }

// unusedRedo is what a redo log is called that was not used.
func unusedRedo(name string) string { return name + "-unused" }
