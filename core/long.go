package core

// BeginLong says that work begins which keeps a processor for milliseconds or more; see LongWorker. EndLong must follow. Safe from any
// goroutine, with locks held too.
func (e *Engine) BeginLong() {
	if e.longWorker != nil {
		e.longWorker.BeginLong()
	}
}

// EndLong ends one BeginLong.
func (e *Engine) EndLong() {
	if e.longWorker != nil {
		e.longWorker.EndLong()
	}
}
