package server

import (
	"slices"
	"syscall"
	"time"
	"unsafe"
)

// pace lets a loop sleep a little before it looks for input, as network cards hold interrupts back. A loop that is faster than those who
// send goes to sleep after each request, and who sends the next one has to wake it up, which costs both of them as much as the request. After
// a nap there are some at once, and they go on to come together, as they were answered together: then no naps are needed. But a nap
// delays answers, and where clients do nothing but wait for these, less is served. So there are naps only where there are many requests of many
// clients, and now and then the loop serves with and without them by turns, and gives them up if they cost something.
type pace struct {
	window uint32 // number of the present one, which ends after paceWindow
	began  int64  // when it did, monotonic ns
	busy   int64  // end of the last one with many requests
	cpu    int64  // processor time of the thread then, ns
	served int    // connections answered in it
	active int    // how many different ones
	naps   bool   // they are taken in it
	nap    time.Duration

	left  int  // windows until the next trial, or of the present step
	step  int  // of a trial: without naps if even, with them if odd; noTrial
	off   bool // what the last trial has said
	steps [paceSteps]paceSum
}

// paceSum is what was served in some windows.
type paceSum struct{ served, ns int64 }

const (
	paceWindow = int64(5 * time.Millisecond)
	// paceNap is the longest nap. At the rate of the last window it brings paceEvents connections; it isn't taken if there were as many the last time.
	paceNap    = 100 * time.Microsecond
	paceEvents = 5
	// Naps are taken only by a loop that answers paceRate connections a second, and paceClients different ones in a window, and has its processor for
	// paceBusy of a hundred.
	paceRate    = 30_000
	paceBusy    = 40
	paceClients = 16
	// A trial has paceSteps steps of paceStep windows. By the median, paceGain of a hundred that are served without naps have to be served with them.
	paceSteps = 10
	paceStep  = 8
	paceGain  = 97
	noTrial   = -1
	// paceFirst is the number of windows with naps before the first trial under a load, which is new after paceNew, and paceHold that between trials.
	paceFirst = 100
	paceHold  = 2000
	paceNew   = int64(time.Second)
)

// count takes in an answered connection.
func (p *pace) count(c *conn) {
	p.served++
	if c.window != p.window {
		c.window = p.window
		p.active++
	}
}

// tick ends the window if it is time for that.
func (p *pace) tick(now int64, cpu func() int64) {
	ns := now - p.began
	if ns < paceWindow {
		return
	}
	rate := int64(p.served) * int64(time.Second) / ns
	before := p.cpu
	p.cpu = cpu()
	if used := p.cpu - before; rate < paceRate || p.active < paceClients || used < ns*paceBusy/100 || used > ns {
		p.naps = false
	} else {
		if now-p.busy > paceNew {
			p.off, p.left, p.step = false, paceFirst, noTrial
		}
		p.busy = now
		p.nap = min(paceNap, paceEvents*time.Second/time.Duration(rate))
		p.next(ns)
	}
	p.window++
	p.began, p.served, p.active = now, 0, 0
}

// next decides about naps after a window of ns nanoseconds with many requests.
func (p *pace) next(ns int64) {
	if p.step != noTrial {
		s := &p.steps[p.step]
		s.served += int64(p.served)
		s.ns += ns
	}
	if p.left--; p.left <= 0 {
		p.left = paceStep
		if p.step++; p.step == paceSteps {
			p.judge()
		} else {
			p.steps[p.step] = paceSum{}
		}
	}
	p.naps = p.step&1 == 1
	if p.step == noTrial {
		p.naps = !p.off
	}
}

// judge ends a trial.
func (p *pace) judge() {
	var gains [paceSteps / 2]int64
	for i := range gains {
		without, with := p.steps[2*i], p.steps[2*i+1]
		gains[i] = with.served * without.ns * 100 / max(1, without.served*with.ns)
	}
	slices.Sort(gains[:])
	p.step, p.left, p.off = noTrial, paceHold, gains[len(gains)/2] < paceGain
}

// nap sleeps if the loop is to do so. The thread is bound to the worker.
func (w *worker) nap() {
	p := &w.l.pace
	p.tick(w.l.srv.eng.MonoNs(), threadCPU)
	if !p.naps || w.l.before >= paceEvents {
		return
	}
	if !w.exact {
		w.exact = true
		const setTimerSlack, slackNs = 29, 1000 // otherwise the kernel may let it take 50 us more
		syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, slackNs, 0)
	}
	ts := syscall.NsecToTimespec(int64(p.nap))
	syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
}

// threadCPU is the processor time of the calling thread, ns.
func threadCPU() int64 {
	const clock = 3 // CLOCK_THREAD_CPUTIME_ID
	var ts syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}
