package replication

import (
	"maps"
	"slices"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// resultEntry is a recorded answer.
type resultEntry struct {
	number uint64 // of the request in its slot
	result Result
}

// answer is the recorded answer to a request; false: it has not been carried out. When the slot has gone on to a later
// request, nobody waits for an answer.
func (e *resultEntry) answer(number uint64) (Verdict, bool) {
	switch {
	case !knownResult(e.number, number):
		return Verdict{}, false
	case e.number > number:
		return refuse(wire.Timeout), true
	}
	return Verdict{Code: e.result.Code, Index: e.result.Index, Generated: e.result.Generated}, true
}

// loadResults reads the recorded answers, which from then on are kept up to date. A sole replica does not need them:
// what its node's own applications ask for the first time can't be recorded.
func (c *Core) loadResults() {
	if c.results != nil {
		return
	}
	c.results = make(map[ResultKey]resultEntry)
	c.store.Results(func(r segment.Result) bool {
		c.noteResult(&r)
		return true
	})
}

func (c *Core) noteResult(r *segment.Result) {
	if d, ok := DecodeResult(r.Blob); ok {
		c.results[ResultKey{r.Session, r.Slot}] = resultEntry{r.Number, d}
	}
}

func (c *Core) dropResults(session uint64) {
	for k := range c.results {
		if k.Session == session {
			delete(c.results, k)
		}
	}
}

// sessions lists those that have results, in order; more: there are more than MarksMax.
func (c *Core) sessions() (list []uint64, more bool) {
	c.loadResults()
	seen := make(map[uint64]bool)
	for k := range c.results {
		seen[k.Session] = true
	}
	if len(seen) > MarksMax {
		return nil, true
	}
	return slices.Sorted(maps.Keys(seen)), false
}

// resultsOf lists the slots of some sessions, which are in order.
func (c *Core) resultsOf(sessions []uint64) (keys []ResultKey) {
	if len(sessions) == 0 {
		return nil
	}
	c.loadResults()
	for k := range c.results {
		if _, listed := slices.BinarySearch(sessions, k.Session); listed {
			keys = append(keys, k)
		}
	}
	return keys
}

// resultsAfter lists the slots whose results are of updates later than number; more: there are more than MarksMax.
func (c *Core) resultsAfter(number uint64) (keys []ResultKey, more bool) {
	c.loadResults()
	for k, e := range c.results {
		if e.result.Number > number {
			if len(keys) == MarksMax {
				return nil, true
			}
			keys = append(keys, k)
		}
	}
	sortKeys(keys)
	return keys, false
}
