package agent

import (
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// feeds turns the numbered events of checkpoints into notifications in the queues of Libraries.
type feeds struct {
	a *Agent

	mu        sync.Mutex
	closed    bool
	byID      map[uint64]*feed  // by the service's number of the checkpoint
	early     map[uint64]uint64 // checkpoint without a feed → number of its last event
	lostEarly bool              // early was full once
	timer     *time.Timer       // runs check
	sessions  []uint64          // of this process, the present one last: at most sessionsMax
}

// occurrence is an event with the data that came along; nil if they did not.
type occurrence struct {
	wire.Event
	data []byte
}

// feed is one checkpoint's events in this process.
type feed struct {
	id        uint64
	watchers  []*Checkpoint
	repairing bool         // OpChanges is on its way
	held      []wire.Event // that came meanwhile, at most heldMax; their data are read again
	missed    bool         // more came than could be held
	newest    uint64       // greatest number seen
}

func newFeeds(a *Agent) *feeds {
	return &feeds{a: a, byID: map[uint64]*feed{}, early: map[uint64]uint64{}}
}

func (f *feeds) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.timer != nil {
		f.timer.Stop()
	}
}

// wants reports whether notifications of c are wanted, and whether with the data written.
func (f *feeds) wants(c *Checkpoint) (any, data bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return c.wantsLocked()
}

func (c *Checkpoint) wantsLocked() (any, data bool) {
	n := c.lib.notify | c.notify
	any = n != 0 && c.flags&wire.OpenRead != 0
	return any, any && n&NotifyData != 0
}

// ownSession notes a session of this process.
func (f *feeds) ownSession(id uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sessions) == sessionsMax {
		f.sessions = slices.Delete(f.sessions, 0, 1)
	}
	f.sessions = append(f.sessions, id)
}

// add begins c's notifications with the update after base, if they are wanted. subscribed: the node director
// has been asked for them already, with data or without.
func (f *feeds) add(c *Checkpoint, base uint64, subscribed, data bool) {
	repair, ask := f.addLocked(c, base, subscribed, data)
	if ask {
		f.subscribe([]*Checkpoint{c}, after(DefaultTimeout), func(Code) {})
	}
	if repair {
		f.repair(c.id)
	}
	if c.isClosed() {
		f.remove(c) // whoever closed it may have come before us
	}
}

func (f *feeds) addLocked(c *Checkpoint, base uint64, subscribed, data bool) (repair, ask bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	any, wantsData := c.wantsLocked()
	if f.closed || !any {
		return false, false
	}
	if subscribed && !c.watching {
		c.data = data
		repair = f.watchLocked(c, base)
	} else if subscribed {
		c.data = data
	}
	return repair, !c.watching || c.data != wantsData
}

// watchLocked makes c a watcher. It reports whether updates after base may have been missed.
func (f *feeds) watchLocked(c *Checkpoint, base uint64) (repair bool) {
	d := f.byID[c.id]
	if d == nil {
		d = &feed{id: c.id, newest: f.early[c.id]}
		f.byID[c.id] = d
		delete(f.early, c.id)
	}
	c.watching, c.seen, c.stalled = true, base, false
	d.watchers = append(d.watchers, c)
	if f.timer == nil {
		f.timer = time.AfterFunc(checkEvery, f.check)
	}
	return d.newest > base || f.lostEarly
}

// remove ends c's notifications.
func (f *feeds) remove(c *Checkpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removeLocked(c)
}

func (f *feeds) removeLocked(c *Checkpoint) {
	d := f.byID[c.id]
	if d == nil || !c.watching {
		return
	}
	c.watching, c.data = false, false
	for i, w := range d.watchers {
		if w == c {
			d.watchers = append(d.watchers[:i:i], d.watchers[i+1:]...)
			break
		}
	}
	if len(d.watchers) == 0 {
		delete(f.byID, c.id)
	}
}

// removeLibrary ends the notifications of all checkpoints of l.
func (f *feeds) removeLibrary(l *Library) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l.notify = 0
	for _, d := range f.byID {
		for _, c := range append([]*Checkpoint(nil), d.watchers...) {
			if c.lib == l {
				f.removeLocked(c)
			}
		}
	}
}

// setNotify changes one wish, which concerns some checkpoints, and asks the node director for what is new.
func (f *feeds) setNotify(wish *Notify, n Notify, concerns func() []*Checkpoint, timeout time.Duration, done func(*Result)) {
	before := f.wish(wish, n) // first: a checkpoint opened from now on sees it
	open := concerns()
	begin, end := f.reconcile(open)
	if len(end) > 0 {
		f.a.call(&request{op: wire.OpNotify, deadline: after(timeout), done: func(*request) {}}, &wire.NotifyRequest{Opens: numbers(end)})
	}
	if len(begin) == 0 {
		done(&Result{Code: wire.OK})
		return
	}
	f.subscribe(begin, after(timeout), func(code Code) {
		if code != wire.OK {
			f.wish(wish, before)
			f.reconcile(open)
		}
		done(&Result{Code: code})
	})
}

func (f *feeds) wish(wish *Notify, n Notify) (before Notify) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, *wish = *wish, n
	return before
}

// reconcile ends the notifications that are no longer wanted, and returns their checkpoints and those whose
// notifications have to be asked for.
func (f *feeds) reconcile(open []*Checkpoint) (begin, end []*Checkpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range open {
		switch wants, data := c.wantsLocked(); {
		case wants && (!c.watching || c.data != data):
			begin = append(begin, c)
		case !wants && c.watching:
			f.removeLocked(c)
			end = append(end, c)
		}
	}
	return begin, end
}

// readers are the open checkpoints of l whose updates it may be told of.
func (l *Library) readers() (open []*Checkpoint) {
	l.a.mu.Lock()
	defer l.a.mu.Unlock()
	for c := range l.checkpoints {
		if c.flags&wire.OpenRead != 0 && !c.lost {
			open = append(open, c)
		}
	}
	return open
}

func numbers(open []*Checkpoint) []uint64 {
	n := make([]uint64, len(open))
	for i, c := range open {
		n[i] = c.open
	}
	return n
}

// subscribe asks the node director for the events of open checkpoints of one Library.
func (f *feeds) subscribe(open []*Checkpoint, deadline int64, done func(Code)) {
	reply := new(wire.NotifyReply)
	data := f.wantingData(open)
	f.a.call(&request{op: wire.OpNotify, out: reply, deadline: deadline, done: func(r *request) {
		if r.code == wire.OK && len(reply.Updates) != len(open) {
			r.code = wire.Library
		}
		if r.code == wire.OK {
			with := make(map[uint64]bool, len(data))
			for _, n := range data {
				with[n] = true
			}
			for i, c := range open {
				f.add(c, reply.Updates[i], true, with[c.open])
			}
		}
		done(r.code)
	}}, &wire.NotifyRequest{Opens: numbers(open), On: true, Data: data})
}

// wantingData are the numbers of those handles that want data with their notifications.
func (f *feeds) wantingData(open []*Checkpoint) (n []uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range open {
		if _, data := c.wantsLocked(); data {
			n = append(n, c.open)
		}
	}
	return n
}

// onEvents takes a message of events.
func (f *feeds) onEvents(m *nats.Msg) {
	defer f.a.guard("events")
	d, err := wire.NewDecoder(m.Data)
	if err != nil {
		f.a.malformed.Add(1)
		return
	}
	defer d.Release()
	var events []wire.Event
	if d.Kind != wire.KindEvents {
		f.a.malformed.Add(1)
		return
	}
	if err := d.Value(&events); err != nil {
		f.a.malformed.Add(1)
		f.checkSoon() // what they said must be asked for
		return
	}
	for _, id := range f.take(withData(events, d.Data())) {
		f.repair(id)
	}
}

// withData gives each event the data that follow the events of its frame.
func withData(events []wire.Event, data []byte) []occurrence {
	all := make([]occurrence, len(events))
	for i, e := range events {
		all[i].Event = e
		if n := e.Data; n > 0 && n <= uint64(len(data)) && n == totalSize(e.Elements) {
			all[i].data, data = data[:n:n], data[n:]
		}
	}
	return all
}

func totalSize(elements []Element) (n uint64) {
	for i := range elements {
		n += elements[i].Size
	}
	return n
}

// take delivers events and returns the checkpoints with gaps.
func (f *feeds) take(events []occurrence) (gaps []uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range events {
		e := &events[i]
		d := f.byID[e.Checkpoint]
		if d == nil {
			f.rememberLocked(&e.Event)
			continue
		}
		d.newest = max(d.newest, e.Update)
		if d.repairing {
			d.holdLocked(&e.Event)
			continue
		}
		if d.deliverLocked(e) {
			d.holdLocked(&e.Event)
			d.repairing = true
			gaps = append(gaps, d.id)
		}
	}
	return gaps
}

// rememberLocked notes an event of a checkpoint whose open, or whose wish for events, is about to be answered.
func (f *feeds) rememberLocked(e *wire.Event) {
	if f.closed {
		return
	}
	if len(f.early) >= earlyMax {
		clear(f.early)
		f.lostEarly = true
	}
	f.early[e.Checkpoint] = max(f.early[e.Checkpoint], e.Update)
}

func (d *feed) holdLocked(e *wire.Event) {
	if len(d.held) >= heldMax {
		d.missed = true
		return
	}
	d.held = append(d.held, *e)
}

// deliverLocked hands one event to each watcher for whom it is the next. gap: it comes too early for one, or says that others
// were lost.
func (d *feed) deliverLocked(e *occurrence) (gap bool) {
	for _, c := range d.watchers {
		switch {
		case c.stalled || e.Update <= c.seen:
		case e.Update > c.seen+1, e.Missed:
			gap = true
		default:
			c.tellLocked(e)
		}
	}
	return gap
}

// tellLocked queues the notifications of one event for c, or stalls c when they do not fit. The handle that wrote is not told,
// and no handle of the writer's process is given it to consume.
func (c *Checkpoint) tellLocked(e *occurrence) {
	n := c.lib.notify | c.notify
	if e.Writer == c.open || len(e.Elements) == 0 {
		n &^= NotifyArrival | NotifyTrack
	}
	elements := e.Elements
	if len(e.Expired) > 0 {
		elements = []Element{{ID: e.Expired}}
	}
	if e.Created || len(elements) == 0 || e.Session != 0 && slices.Contains(c.a.feeds.sessions, e.Session) {
		n &^= NotifyConsume
	}
	if !c.queueLocked(n, elements, e.data, e.Deleted) {
		c.stalled = true
		return
	}
	c.seen = e.Update
}

// queueLocked queues notifications of the kinds in n. It reports false if there is no room.
func (c *Checkpoint) queueLocked(n Notify, elements []Element, data []byte, deleted bool) bool {
	e := Event{Checkpoint: c, Tag: c.tag, Elements: elements, Segment: -1}
	if n&NotifyArrival != 0 && !deleted {
		e.Kind = Arrival
		if !c.lib.queue.push(e) {
			return false
		}
	}
	if n&NotifyTrack != 0 {
		e.Kind = Track
		if !c.lib.queue.push(e) {
			return false
		}
	}
	if n&NotifyConsume != 0 {
		e.Kind, e.Data = Consumed, data
		return c.lib.consumed.push(e)
	}
	return true
}
