package nodedirector

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// session is one application process at this node director.
type session struct {
	n       *Node
	id      uint64
	record  sessionRecord // does not change
	replies string        // prefix of the subjects of replies
	events  string        // subject of events
	sub     *nats.Subscription

	mu        sync.Mutex
	ended     bool
	suspended bool // the node director stops: the session goes on with the next one
	socket    *net.UnixConn
	watch     uint64 // token of the process' watch; 0 = none
	away      *time.Timer
	journal   *journal
	operator  bool // of root's or the service's own process: may change the cluster
	opens     map[uint64]*handle
	opening   map[uint64]chan struct{} // closed when the opening has ended
	slots     slots
	restored  bool            // from an earlier process; does not change
	pruning   bool            // prune is to be called
	written   map[uint64]bool // checkpoints that may hold answers to the session's requests

	telling sync.Mutex    // held while the agent is told of the node's standing, and before mu; guards what follows
	greeted *net.UnixConn // the connection that was welcomed last
	told    standing
}

// handle is a checkpoint opened by a session.
type handle struct {
	open   uint64
	c      *checkpoint
	flags  uint32
	notify wish
}

// wish is what a handle wants to be told of updates.
type wish uint8

const (
	wishNone   wish = iota
	wishEvents      // what changed
	wishData        // and the data written
)

func wishOf(on, data bool) wish {
	switch {
	case !on:
		return wishNone
	case data:
		return wishData
	}
	return wishEvents
}

// newSession makes a session of a process that has connected.
func (n *Node) newSession(p process, program string) (*session, error) {
	r := sessionRecord{
		Secret: make([]byte, 16), Boot: n.boot, PID: p.pid, Start: p.start, Program: program,
		User: n.o.BusUser, Password: n.o.BusPassword,
	}
	rand.Read(r.Secret)
	for r.Session == 0 || n.session(r.Session) != nil {
		var b [8]byte
		rand.Read(b[:])
		r.Session = binary.BigEndian.Uint64(b[:])
	}
	if n.o.Credentials != nil {
		var b [16]byte
		rand.Read(b[:])
		r.User, r.Password = fmt.Sprintf("session-%016x", r.Session), hex.EncodeToString(b[:])
	}
	j, err := newJournal(n.sessionsDir(), &r, nil)
	if err != nil {
		return nil, err
	}
	s := n.sessionOf(r, j)
	s.told.left = n.standing().left
	s.operator = p.pid != 0 && (p.uid == 0 || p.uid == uint32(os.Geteuid()))
	err = n.enlist(s)
	if err == nil {
		err = s.listen()
	}
	if err != nil {
		s.end("refused: " + err.Error())
		return nil, err
	}
	return s, nil
}

func (n *Node) sessionOf(r sessionRecord, j *journal) *session {
	return &session{
		n: n, id: r.Session, record: r, journal: j,
		replies: wire.SubjectReplies(n.o.Cluster, r.Session),
		events:  wire.SubjectEvents(n.o.Cluster, r.Session),
		opens:   make(map[uint64]*handle),
		opening: make(map[uint64]chan struct{}),
		written: make(map[uint64]bool),
	}
}

// enlist makes a session findable.
func (n *Node) enlist(s *session) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.stopping:
		return errors.New("the node director is stopping")
	case len(n.sessions) >= sessionsMax:
		return errors.New("too many sessions on this node")
	}
	n.sessions[s.id] = s
	return nil
}

// listen takes the session's requests from the bus.
func (s *session) listen() error {
	n := s.n
	subject := wire.SubjectSession(n.o.Cluster, n.o.Node, s.id)
	if n.o.Credentials != nil {
		n.o.Credentials.AddSession(s.record.User, s.record.Password, []string{subject}, []string{s.replies + ".>", s.events})
	}
	sub, err := n.o.Conn.Subscribe(subject, s.receive)
	if err != nil {
		return err
	}
	if err := sub.SetPendingLimits(sessionPendingMsgs, sessionPendingMem); err != nil {
		sub.Unsubscribe()
		return err
	}
	s.mu.Lock()
	s.sub = sub
	ended := s.ended || s.suspended
	s.mu.Unlock()
	if ended {
		sub.Unsubscribe()
	}
	return nil
}

func (n *Node) session(id uint64) *session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sessions[id]
}

// end closes a session for good, once: its handles, its results, its credential, its journal.
func (s *session) end(reason string) {
	s.mu.Lock()
	if s.ended || s.suspended {
		s.mu.Unlock()
		return
	}
	s.ended = true
	opens, socket, watch, sub, written := s.opens, s.socket, s.watch, s.sub, s.written
	s.opens, s.socket = nil, nil
	for i := range s.slots {
		s.unstageLocked(&s.slots[i])
	}
	if s.away != nil {
		s.away.Stop()
	}
	s.mu.Unlock()
	n := s.n
	if watch != 0 {
		n.watcher.forget(watch)
	}
	if socket != nil {
		socket.Close()
	}
	if sub != nil {
		sub.Unsubscribe()
	}
	if n.o.Credentials != nil {
		n.o.Credentials.RemoveSession(s.record.User)
	}
	for _, h := range opens {
		s.dropHandle(h)
		n.director.reconcile(h.c)
	}
	for id := range written {
		if c := n.checkpoint(id); c != nil {
			c.endSession(s.id)
		}
	}
	s.journal.remove()
	n.mu.Lock()
	if n.sessions[s.id] == s {
		delete(n.sessions, s.id)
	}
	n.mu.Unlock()
	n.director.sessionEnded(s.id)
	n.log.Debug("session ended", "session", s.name(), "program", s.record.Program, "pid", s.record.PID,
		"reason", reason, "open", len(opens))
}

// name is how the session is called in logs and subjects.
func (s *session) name() string { return fmt.Sprintf("%016x", s.id) }

// suspend leaves a session to the next node director.
func (s *session) suspend() {
	s.mu.Lock()
	s.suspended = true
	socket, sub := s.socket, s.sub
	if s.away != nil {
		s.away.Stop()
	}
	s.journal.close()
	s.mu.Unlock()
	if sub != nil {
		sub.Unsubscribe()
	}
	if socket != nil {
		socket.Close()
	}
}

// dropHandle takes a handle from its checkpoint.
func (s *session) dropHandle(h *handle) {
	h.c.mu.Lock()
	delete(h.c.opens, handleKey{s.id, h.open})
	if len(h.c.opens) == 0 && h.c.store != nil {
		h.c.store.DropIndex()
	}
	h.c.notifyLocked(s, h.notify, wishNone)
	h.notify = wishNone
	h.c.mu.Unlock()
}

// writes notes that a checkpoint may come to hold answers to the session's requests.
func (s *session) writes(c *checkpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.written[c.id] {
		return
	}
	s.written[c.id] = true
	if len(s.written) > writtenMin+2*len(s.opens) && !s.pruning {
		s.pruning = true
		s.n.goDo(s.prune)
	}
}

// prune forgets checkpoints that are no more.
func (s *session) prune() {
	exists := make(map[uint64]bool)
	for _, c := range s.n.checkpointList() {
		exists[c.id] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pruning = false
	maps.DeleteFunc(s.written, func(id uint64, _ bool) bool { return !exists[id] })
}

// endSession drops the answers to a session's requests, wherever the checkpoint has replicas.
func (c *checkpoint) endSession(id uint64) {
	c.mu.Lock()
	if !c.gone {
		c.submitLocked(&replication.Request{
			Kind: replication.RequestEndSession, Session: id, Deadline: monotonic() + int64(requestWaitMax),
		}, answerTo(func(v *replication.Verdict) {
			if v.Code != wire.OK && v.Code != wire.BadHandle && v.Code != wire.NotExist {
				c.n.log.Warn("results of an ended session not removed", "checkpoint", c.name, "reason", v.Code)
			}
		}))
	}
	c.unlock()
}

// handleOf finds an open checkpoint.
func (s *session) handleOf(open uint64) *handle {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opens[open]
}

// addHandle records an opened checkpoint, first in the journal: what is answered must survive this process. The
// checkpoint's lock must not be held. It fails if the session has ended or holds too many.
func (s *session) addHandle(h *handle) error {
	h.c.mu.Lock()
	defer h.c.mu.Unlock()
	if h.c.gone {
		return errLost
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended || s.suspended:
		return errEnded
	case len(s.opens) >= opensPerSessionMax:
		return wire.NoResources
	}
	r := &openRecord{Open: h.open, Checkpoint: h.c.id, Name: h.c.name, Flags: h.flags, Notify: h.notify != wishNone, NotifyData: h.notify == wishData}
	if err := s.journal.add(recordOpen, r); err != nil {
		s.n.log.Error("session journal", "reason", err)
		return wire.NoResources
	}
	s.opens[h.open] = h
	h.c.opens[handleKey{s.id, h.open}] = h.flags
	h.c.notifyLocked(s, wishNone, h.notify)
	return nil
}

// errEnded: the session ended while its request was carried out.
var errEnded = errors.New("the session has ended")

// removeHandle closes a handle and reports whether it was open.
func (s *session) removeHandle(h *handle) bool {
	s.mu.Lock()
	if s.ended || s.opens[h.open] != h {
		s.mu.Unlock()
		return false
	}
	delete(s.opens, h.open)
	s.obsoleteLocked(recordClose, &closeRecord{h.open})
	s.mu.Unlock()
	s.dropHandle(h)
	return true
}

// obsoleteLocked adds a journal record that makes earlier ones obsolete, and writes the journal anew when most of it is. The
// caller holds s.mu.
func (s *session) obsoleteLocked(kind byte, v any) {
	if s.suspended {
		return
	}
	err := s.journal.add(kind, v)
	if c, closing := v.(*closeRecord); err != nil && closing {
		err = s.journal.void(c.Open)
	}
	if err != nil && s.n.logDirector.allow() {
		s.n.log.Error("session journal", "reason", err)
	}
	s.journal.dead += 2
	if s.journal.dead < journalCompactAfter || s.journal.dead < 2*len(s.opens) {
		return
	}
	opens := make([]openRecord, 0, len(s.opens))
	for _, h := range s.opens {
		opens = append(opens, openRecord{
			Open: h.open, Checkpoint: h.c.id, Name: h.c.name, Flags: h.flags,
			Notify: h.notify != wishNone, NotifyData: h.notify == wishData,
		})
	}
	j, err := newJournal(s.n.sessionsDir(), &s.record, opens)
	if err != nil {
		if s.n.logDirector.allow() {
			s.n.log.Error("session journal", "reason", err)
		}
		return
	}
	s.journal.close()
	s.journal = j
}
