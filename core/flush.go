package core

// AddFlushHook adds what is told of FLUSHDB (db) and FLUSHALL (-1) to what OnFlush registered. fn runs with all
// shards held: it must be short. Call it before clients are served, after OnFlush.
func (e *Engine) AddFlushHook(fn func(db int)) {
	before := e.onFlush.Load()
	both := func(db int) {
		if before != nil {
			(*before)(db)
		}
		fn(db)
	}
	e.onFlush.Store(&both)
}
