package replication

import (
	"maps"
	"slices"
)

// resultAge says since when a session has made no update.
type resultAge struct {
	number uint64 // of its last one
	since  int64  // monotonic ns: when this active first saw that
}

// retireResults drops the answers of sessions that have made no update for ResultsKept. No request lives that long, so
// nobody asks for them any more: the session's node has died, or the request that ends it was lost.
func (c *Core) retireResults() {
	l := c.lead
	if c.now < l.retire || !c.updatable() {
		return
	}
	l.retire = c.now + int64(c.t.RetireEvery)
	ages := make(map[uint64]resultAge)
	for session, number := range c.lastUpdates() {
		if a := l.ages[session]; a.number == number {
			ages[session] = a
		} else {
			ages[session] = resultAge{number, c.now}
		}
	}
	l.ages = ages
	for _, session := range slices.Sorted(maps.Keys(ages)) {
		if c.now-ages[session].since < int64(c.t.ResultsKept) {
			continue
		}
		if c.alone() {
			c.dropResults(session)
			if c.store.DropSession(session) != nil {
				return // the next time
			}
			continue
		}
		c.take(&request{r: &Request{Kind: RequestEndSession, Session: session}, own: true})
	}
}

// lastUpdates lists for each session that has results the number of the last update among them.
func (c *Core) lastUpdates() map[uint64]uint64 {
	last := make(map[uint64]uint64)
	if c.results == nil {
		c.loadResults()
		defer func() { c.results = nil }() // a sole replica does without
	}
	for k, e := range c.results {
		last[k.Session] = max(last[k.Session], e.result.Number)
	}
	return last
}
