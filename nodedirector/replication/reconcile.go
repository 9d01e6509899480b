package replication

import (
	"slices"

	"libckpt/internal/segment"
)

// onReport takes what a follower has.
func (c *Core) onReport(from string, m *Report) {
	if c.lead == nil || m.Link.Epoch != c.config.Epoch {
		return
	}
	c.onRelease(from, m.Link.Epoch)
	k := c.linkTo(from)
	if k == nil || m.Link != k.id || k.state != linkBegin {
		return
	}
	k.adopted, k.incarnation, k.progress, k.heardAt = true, m.Incarnation, c.now, c.now
	if c.asynchronous() && !c.lead.based && c.member(from) && c.takeTail(m.Tail) {
		k.retry = c.now // there may be more
		return
	}
	k.report, k.state = m, linkReported
}

// gathered reports whether all in-sync followers of an asynchronous checkpoint have given what they had and this node
// had not.
func (c *Core) gathered() bool {
	return !slices.ContainsFunc(c.lead.links, func(k *link) bool { return k.required && k.state == linkBegin })
}

// takeTail applies updates that a follower of the old active has received and this node has not. It reports whether there
// were any.
func (c *Core) takeTail(tail []UpdateBody) bool {
	before := c.store.Number()
	for i := range tail {
		u := &tail[i]
		if u.Previous == c.store.Number() && u.Number > u.Previous && c.applyBody(u, false) != nil {
			break
		}
	}
	return c.store.Number() != before
}

// start begins to make a follower equal to the active.
func (c *Core) start(k *link) {
	r := k.report
	k.report = nil
	if c.asynchronous() {
		if count := c.lostWith(k.node, r); count > 0 {
			c.emit(Effect{Kind: EffectLost, Node: k.node, Count: count})
		}
	}
	if number := c.store.Number(); r.Number > number && !c.jump(r.Number+EpochGap) {
		c.restart(k)
		return
	}
	switch {
	case !c.counts(k.node), !r.Complete && !c.member(k.node):
		// A node that was proposed and is incomplete now has begun anew since: the directors do not add it on the old request.
		k.copy = copier{phase: copySections, all: true}
	case !r.Complete || r.MarkedMore:
		c.giveUp(k)
		return
	case c.asynchronous():
		missing, ok := c.recent.after(r.Number)
		if !ok && r.Number != c.store.Number() {
			c.giveUp(k)
			return
		}
		k.state = linkCopy
		for _, u := range missing {
			c.push(k, &Item{Holds: ItemUpdate, Update: u})
		}
		k.copy = copier{phase: copyBase}
	default:
		k.copy = copier{phase: copySections, ids: c.differing(r)}
		c.differingResults(k, r)
	}
	k.state = linkCopy
	c.pump(k)
}

// giveUp asks the director to have a follower filled anew: to take it out of the in-sync set, or of those joining if it
// was only proposed, and have it join again.
func (c *Core) giveUp(k *link) {
	c.ask(Effect{Ask: AskDrop, Node: k.node}, &k.askDrop)
	c.restart(k)
	k.retry = c.now + int64(c.t.FailAfter)
}

// differing lists the sections that may differ between this replica and the follower's, in order. All committed updates
// are in both; so a section differs only if one of the two has an uncommitted update of it, which is marked there.
func (c *Core) differing(r *Report) [][]byte {
	theirs := make(map[string]Mark)
	for _, m := range r.Marked {
		theirs[string(m.ID)] = m
	}
	var ids [][]byte
	for id := range theirs {
		if !c.sameAt(theirs[id]) {
			ids = append(ids, []byte(id))
		}
	}
	for id := range c.marked {
		if _, listed := theirs[id]; !listed {
			ids = append(ids, []byte(id))
		}
	}
	slices.SortFunc(ids, func(a, b []byte) int { return CompareIDs(string(a), string(b)) })
	return uncommittedOf(ids)
}

// sameAt reports whether this replica's last update of a section is the one of the mark: then the section is the same.
func (c *Core) sameAt(m Mark) bool {
	if s, exists := c.store.Lookup(m.ID); exists {
		return !m.Tombstone && s.Number == m.Number
	}
	return m.Tombstone && c.marked[string(m.ID)] == m.Number
}

// differingResults prepares the results that the follower may lack, or have and must not.
func (c *Core) differingResults(k *link, r *Report) {
	c.loadResults()
	k.copy.results = true
	if r.ResultsMore {
		k.copy.dropAll = true
		return
	}
	k.copy.drop = r.Results
	k.copy.resultsAfter = r.Committed
	// Sessions have ended that one of the two did not hear of.
	sessions, more := c.sessions()
	if more {
		k.copy.dropAll = true
		return
	}
	k.copy.lacking, k.copy.ended = beside(sessions, r.Sessions), beside(r.Sessions, sessions)
}

// beside lists what a has and b has not; both are in order.
func beside(a, b []uint64) (list []uint64) {
	for _, s := range a {
		if _, found := slices.BinarySearch(b, s); !found {
			list = append(list, s)
		}
	}
	return list
}

// resultsFor lists this replica's results for the follower of a copy.
func (c *Core) resultsFor(p *copier) []segment.Result {
	dropped := make(map[ResultKey]bool)
	for _, key := range p.drop {
		dropped[key] = true
	}
	var list []segment.Result
	c.store.Results(func(r segment.Result) bool {
		d, _ := DecodeResult(r.Blob)
		_, lacking := slices.BinarySearch(p.lacking, r.Session)
		if p.dropAll || lacking || d.Number > p.resultsAfter || dropped[ResultKey{r.Session, r.Slot}] {
			list = append(list, r)
		}
		return true
	})
	return list
}
