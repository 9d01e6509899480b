package nodedirector

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"libckpt/internal/wire"
)

// membershipFile, in the run directory, holds what membership remembers over a restart.
const membershipFile = "membership"

// membership is the node's standing in the cluster. The node is outside while an operator has locked it. It has left if it was
// locked, or removed and then taken in as a new one; whoever was there is told so even if it is a member again. A
// restart, and a time without directors, change nothing.
type membership struct {
	standing
	member wire.Epoch // RegisterReply.Member of the last registration; zero = none
}

// standing is what sessions are told of.
type standing struct {
	outside bool
	left    uint64 // times the node has left since this process began
}

// since is the message for who was last told another standing.
func (s standing) since(told standing) wire.Membership {
	return wire.Membership{Outside: s.outside, Left: s.left != told.left}
}

func (n *Node) standing() standing {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.membership.standing
}

// setMembership believes a director. member is zero if the answer does not tell it.
func (n *Node) setMembership(outside bool, member wire.Epoch) {
	n.mu.Lock()
	m := &n.membership
	before := *m
	removed := member.Counter != 0 && m.member.Counter != 0 && member.Generation == m.member.Generation && member != m.member
	if member != (wire.Epoch{}) {
		m.member = member
	}
	m.outside = outside
	if outside && !before.outside || removed {
		m.left++
	}
	now := *m
	n.mu.Unlock()
	if now == before {
		return
	}
	if err := n.saveMembership(&now); err != nil {
		n.log.Warn("membership not kept: after a restart applications may not be told that this node has left the cluster",
			"reason", err)
	}
	switch {
	case outside && !before.outside:
		n.log.Warn("an operator has locked this node: it is outside the cluster")
	case removed:
		n.log.Warn("this node was removed from the cluster, and is a new member now")
	case before.outside && !outside:
		n.log.Info("this node is in the cluster again")
	}
	if now.standing != before.standing {
		n.run(n.tellSessions)
	}
}

func (n *Node) saveMembership(m *membership) error {
	path := filepath.Join(n.o.RunDir, membershipFile)
	text := fmt.Sprintf("%d %d %t\n", m.member.Generation, m.member.Counter, m.outside)
	if err := os.WriteFile(path+journalTemp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+journalTemp, path)
}

// loadMembership reads what an earlier process of this node kept. What is not there or damaged counts as nothing: the
// director says it again.
func (n *Node) loadMembership() {
	b, err := os.ReadFile(filepath.Join(n.o.RunDir, membershipFile))
	if err != nil {
		return
	}
	var m membership
	if _, err := fmt.Sscanf(string(b), "%d %d %t\n", &m.member.Generation, &m.member.Counter, &m.outside); err == nil {
		n.membership = m
	}
}

func (n *Node) tellSessions() {
	n.mu.Lock()
	sessions := n.sessionList()
	n.mu.Unlock()
	for _, s := range sessions {
		s.tell()
	}
}

// greet answers an agent that has connected, and tells it the node's standing.
func (s *session) greet(c *net.UnixConn, w *wire.Welcome) error {
	s.telling.Lock()
	defer s.telling.Unlock()
	now := s.n.standing()
	w.Membership = now.since(s.told)
	if err := s.n.welcome(c, w); err != nil {
		return err
	}
	s.greeted, s.told = c, now
	return nil
}

// tell tells the agent the node's standing if that is news to it. One that does not take the message is cut off: it learns
// it when it connects again.
func (s *session) tell() {
	s.telling.Lock()
	defer s.telling.Unlock()
	now := s.n.standing()
	if s.greeted == nil || now == s.told {
		return
	}
	news := now.since(s.told)
	frame, err := wire.Encode(wire.KindMembership, nil, &news)
	if err == nil {
		s.greeted.SetWriteDeadline(time.Now().Add(socketWriteTimeout))
		_, err = s.greeted.Write(frame)
	}
	if err != nil {
		s.greeted.Close()
		return
	}
	s.told = now
}
