package server

// answer sends the replies of all connections that are ready, together as far as they need not wait for their peers: first those that need not
// wait for the disk either.
func (w *worker) answer() bool {
	l := w.l
	first := l.prepared == 0 && len(l.ready) > 0 && l.srv.eng.RepliesWait()
	if first {
		l.group.answering(l.ready)
	}
	for ; l.prepared < len(l.ready); l.prepared++ {
		c := l.ready[l.prepared]
		l.pace.count(c)
		if l.srv.eng.Durable(c.client) {
			c.claim(&l.out)
		} else {
			l.undurable = append(l.undurable, l.prepared)
		}
	}
	l.send()
	for l.awaited < len(l.undurable) {
		i := l.undurable[l.awaited]
		l.awaited++
		c := l.ready[i]
		l.ready[i] = nil
		if !w.await(c) {
			return false
		}
		if first {
			l.group.flushed()
			first = false
		}
		l.ready[i] = c
		c.claim(&l.out)
	}
	l.send()
	for l.settled < len(l.ready) {
		c := l.ready[l.settled]
		l.ready[l.settled] = nil
		if l.settled++; c != nil && !w.settle(c) {
			return false
		}
	}
	return true
}

// send sends the replies that are claimed.
func (l *loop) send() {
	if len(l.out.list) == 0 {
		return
	}
	l.out.send()
	for i := range l.out.list {
		l.out.conns[i].sent = l.out.list[i].N
	}
	l.out.reset()
}

// deliver writes what was published.
func (l *loop) deliver() {
	l.srv.flush.deliver(l.touched, &l.sender)
	clear(l.touched)
	l.touched = l.touched[:0]
}

// await waits until the disk has what c is to be told.
func (w *worker) await(c *conn) bool {
	w.enter(c)
	c.srv.eng.AwaitDurable(c.client)
	if !w.leave() {
		w.goOn()
		return false
	}
	return true
}

// settle ends the batch of c, whose replies are sent as far as they were claimed.
func (w *worker) settle(c *conn) bool {
	w.enter(c)
	c.conclude()
	if c.err != nil {
		c.deliver()
		c.end()
	}
	if !w.leave() {
		w.goOn()
		return false
	}
	if c.err == nil {
		if c.s != nil && len(c.s.touched) > 0 {
			w.l.touched = append(w.l.touched, c.s.touched...)
			c.untouch()
		}
		w.rest(c)
	}
	return true
}
