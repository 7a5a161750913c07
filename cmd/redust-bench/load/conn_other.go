//go:build !unix

package load

func (w *worker) exchange() { w.exchangePlain() }
