package keyspace

import "unsafe"

// Blocks that the owner of a Dict keeps beside its elements, from the same pages: the nodes of a sorted set's tree. They hold no Go pointers, count in
// MemoryUsage, and go with Free. They need what elements need: an owner that writes alone.

// AllocBlock returns a block of at least size bytes, content arbitrary, aligned to 8 bytes. It stays where it is until released.
func (d *Dict) AllocBlock(size int) (Ref, unsafe.Pointer) { return d.alloc(size) }

// Block returns the address of a block.
func (d *Dict) Block(r Ref) unsafe.Pointer { return d.ptr(r) }

// ReleaseBlock takes a block back.
func (d *Dict) ReleaseBlock(r Ref) { d.release(r) }
