package keyspace

import "unsafe"

// An owner may keep blocks of its own beside a Dict's elements, from the same pages: the nodes of a sorted set's tree. They hold no Go pointers, count in
// MemoryUsage, and go with Free. They need what elements need: an owner that writes alone.

// AllocBlock returns a block of at least size bytes, content arbitrary, aligned to 8 bytes. It stays where it is until released.
func (d *Dict) AllocBlock(size int) (Ref, unsafe.Pointer) { return d.alloc(size) }

// Block returns the address of a block.
func (d *Dict) Block(r Ref) unsafe.Pointer { return d.ptr(r) }

// ReleaseBlock takes a block back.
func (d *Dict) ReleaseBlock(r Ref) { d.release(r) }

// Add stores a value under a key that is not there yet. If it is, nothing changes and created is false.
func (d *Dict) Add(key, value []byte) (r Ref, created bool) {
	hash := d.hash(key)
	if ref, _ := d.find(hash, key); ref != 0 {
		return ref, false
	}
	ref, _ := d.newBlock(key, value)
	d.insert(hash, ref)
	return ref, true
}
