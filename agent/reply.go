package agent

import (
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
)

// onReply takes every message to the session's reply subjects.
func (a *Agent) onReply(m *nats.Msg) {
	defer a.guard("reply")
	if len(m.Data) == 0 {
		if slot, number, ok := wire.ParseReply(m.Subject); ok && m.Header.Get("Status") == "503" {
			a.turnedAway(slot, number)
			return
		}
	}
	d, err := wire.NewDecoder(m.Data)
	if err != nil {
		a.malformed.Add(1)
		return
	}
	defer d.Release()
	var head wire.Reply
	if d.Kind != wire.KindReply {
		a.malformed.Add(1)
		return
	}
	if err := d.Value(&head); err != nil {
		a.malformed.Add(1)
		return
	}
	switch {
	case head.Busy:
		a.turnedAway(head.Slot, head.Number)
	case head.Ack:
		a.acknowledged(head.Slot, head.Number, head.Piece)
	default:
		a.answered(&head, d)
	}
}

// answered ends the request a reply belongs to.
func (a *Agent) answered(head *wire.Reply, d *wire.Decoder) {
	r, next := a.takeAnswered(head)
	if r == nil {
		a.answeredLate(head) // or the reply is a repetition
		return
	}
	r.code, r.index = head.Error, head.Index
	if r.code == 0 {
		r.code = wire.OK
	}
	if r.out != nil && (r.code == wire.OK || r.op == wire.OpRead) {
		// A read that failed says in its body whether the section changed meanwhile, but may come without one.
		if err := d.Value(r.out); err != nil && r.code == wire.OK {
			a.malformed.Add(1)
			r.code = wire.Library
		}
		r.reply = d.Data()
	}
	r.done(r)
	for _, s := range next {
		a.transmit(s)
	}
}

func (a *Agent) takeAnswered(head *wire.Reply) (*request, []sending) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.inSlotLocked(head.Slot, head.Number)
	if r == nil {
		return nil, nil
	}
	a.endLocked(r)
	if len(a.waiters) == 0 && len(a.restores) == 0 {
		return r, nil
	}
	return r, a.advanceLocked(nil)
}

func (a *Agent) inSlotLocked(slot uint16, number uint64) *request {
	if int(slot) >= len(a.slots) {
		return nil
	}
	r := a.slots[slot].request
	if r == nil || r.number != number {
		return nil
	}
	return r
}

// turnedAway notes that one message of a request was not taken up: nobody listened, or a queue was full.
// The request is sent again after a pause.
func (a *Agent) turnedAway(slot uint16, number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.inSlotLocked(slot, number)
	if r == nil || r.turned >= r.handed {
		return
	}
	r.turned++
	r.pause = min(max(2*r.pause, againMin), againMax)
	r.resendAt = min(r.resendAt, now()+int64(r.pause))
	a.armLocked(r.resendAt)
}

// armLocked makes tick run at t or earlier. Later moments need nothing: tick itself finds the next.
func (a *Agent) armLocked(t int64) {
	if t >= a.timerAt {
		return
	}
	a.timerAt = t
	d := time.Duration(min(max(t-now(), 0), int64(timerMax)))
	if a.timer == nil {
		a.timer = time.AfterFunc(d, a.tick)
		return
	}
	a.timer.Reset(d)
}

// tick ends what has reached its deadline and sends again what has not been answered.
func (a *Agent) tick() {
	defer a.guard("timer")
	expired, out, calls := a.due()
	for _, f := range calls {
		f()
	}
	for _, r := range expired {
		r.done(r)
	}
	for _, s := range out {
		a.transmit(s)
	}
}

func (a *Agent) due() (expired []*request, out []sending, calls []func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := now()
	next := int64(never)
	a.timerAt = never
	expire := func(r *request) {
		r.code = wire.Timeout
		if r.certainlyNot() {
			r.code = wire.TryAgain
		}
		a.endLocked(r)
		expired = append(expired, r)
	}
	for i := range a.slots {
		r := a.slots[i].request
		switch {
		case r == nil:
			continue
		case r.deadline <= t:
			expire(r)
			continue
		case r.resendAt > t:
		case !a.mayTalkLocked(r):
			r.resendAt = never // resume sends it
		case r.turned > 0 && r.certainlyNot() && r.deadline-t < int64(lastChance):
			r.resendAt = never
		case r.pieces != nil:
			r.pieces.again()
			r.resendAt = t + int64(resendEvery)
			a.changed.Broadcast()
		default:
			if s := a.sendingLocked(r); s.bus != nil {
				out = append(out, s)
			}
		}
		next = min(next, r.deadline, r.resendAt)
	}
	for _, queue := range []*[]*request{&a.waiters, &a.restores} {
		kept := (*queue)[:0]
		for _, r := range *queue {
			if r.deadline <= t {
				r.state = dequeued
				expire(r)
				continue
			}
			next = min(next, r.deadline)
			kept = append(kept, r)
		}
		clear((*queue)[len(kept):])
		*queue = kept
	}
	calls, next = a.askDueLocked(t, next)
	upCalls, next := a.upDueLocked(t, next)
	calls = append(calls, upCalls...)
	out = a.advanceLocked(out)
	a.armLocked(next)
	return expired, out, calls
}
