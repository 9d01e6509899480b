package nodedirector

import "libckpt/internal/wire"

// slot is one of a session's places for a request. The requests in it are numbered upwards.
type slot struct {
	number  uint64 // of the latest request
	running bool   // being carried out
	reply   []byte // its answer; nil for one that may be carried out again
	used    bool   // by this process
	staging *staging
}

// admission is what to do with a request that has arrived.
type admission uint8

const (
	admitRun    admission = iota + 1 // carry it out
	admitRepeat                      // it has been carried out: send the answer again
	admitIgnore                      // out of date, or being carried out
)

// slots admits requests so that each is carried out exactly once.
type slots [wire.SlotsPerSession]slot

// look says what to do with a request without beginning it. i < len(s).
func (s *slots) look(i uint16, number uint64) admission {
	t := &s[i]
	switch {
	case number < t.number, number == t.number && t.running:
		return admitIgnore
	case number == t.number && t.reply != nil:
		return admitRepeat
	}
	return admitRun
}

// begin notes that a request is being carried out, for which look said admitRun. first: it is the slot's first one in this
// process.
func (s *slots) begin(i uint16, number uint64) (first bool) {
	t := &s[i]
	first = !t.used
	t.number, t.running, t.reply, t.used = number, true, nil, true
	return first
}

// current reports whether the slot has not been given a later request.
func (s *slots) current(i uint16, number uint64) bool { return s[i].number == number }

// finish records the answer of a request; reply nil: not carried out, or harmless to carry out again.
func (s *slots) finish(i uint16, number uint64, reply []byte) {
	if t := &s[i]; t.number == number {
		t.running, t.reply = false, reply
	}
}
